/**
 * The text of llms.txt: the documents of the package for language models, each with its
 * title and its first sentence (https://llmstxt.org).
 */
import { globSync, readFileSync } from "node:fs";

const HEAD = `# dagsmith

> Airflow's semantics for TypeScript: DAGs as modules, and a runtime on Node and PostgreSQL.

The paths below are those of the package: \`node_modules/dagsmith/docs/\` in a project. A page of a
deployment has the description of its API at \`/api/v1/openapi.json\`, and tools at \`/mcp\`.
\`dag schema\` prints the JSON Schema of what each command prints with \`--json\`.
`;

/** Documents for people who change dagsmith itself; its decisions are found from there. */
const INSIDE = /^docs\/(?:ARCHITECTURE|STYLE|threat-model|threats|how-to)/;
const DECISIONS = /^docs\/decisions/;

export function llmsText(): string {
  const all = globSync("docs/**/*.md")
    .filter((path) => !DECISIONS.test(path))
    .sort();
  const of = (isWanted: (path: string) => boolean) => all.filter(isWanted).map(lineOf).join("\n");
  const isPlugin = (path: string) => path.startsWith("docs/plugins/");
  return [
    HEAD,
    `## Documents\n\n${of((path) => !INSIDE.test(path) && !isPlugin(path))}\n`,
    `## Plugins\n\n${of(isPlugin)}\n`,
    `## Optional\n\n${of((path) => INSIDE.test(path))}\n`,
  ].join("\n");
}

function lineOf(path: string): string {
  const text = readFileSync(path, "utf8");
  const title = /^# (.*)$/m.exec(text)?.[1] ?? path;
  const sentence = firstSentence(text);
  return `- [${title}](${path})${sentence === undefined ? "" : `: ${sentence}`}`;
}

/** The first sentence of the first paragraph; undefined when code or a table comes first. */
function firstSentence(text: string): string | undefined {
  const paragraph = text.split("\n\n").find((part) => !/^#/.test(part)) ?? "";
  if (/^(?:```|\||-|\d)/.test(paragraph)) return undefined;
  const plain = paragraph.replaceAll("\n", " ").replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1");
  return /^.*?[.:](?=\s|$)/.exec(plain)?.[0].replace(/:$/, ".");
}
