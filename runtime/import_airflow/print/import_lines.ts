/** The imports of a file. */
import type { Code } from "../code.ts";

/** Names of types, which are found in the text. */
const TYPES = ["Json", "TaskRef"];

/** @param body the text after the imports */
export function importLines(codes: readonly Code[], body: string): string {
  const named = codes.flatMap(({ imports }) => imports);
  const types = TYPES.filter((name) =>
    new RegExp(`(?<![.\\w"])${name}\\b(?!\\()`).test(withoutComments(body)),
  );
  const all = [
    ...named,
    { name: "dag", from: "dagsmith" },
    ...(/(^|\s)chain\(/m.test(body) ? [{ name: "chain", from: "dagsmith" }] : []),
    ...(body.includes("new FailTask(") ? [{ name: "FailTask", from: "dagsmith" }] : []),
    ...types.map((name) => ({ name: `type ${name}`, from: "dagsmith" })),
  ];
  const modules = [...new Set(all.map(({ from }) => from))].sort(byKind);
  return modules
    .map((from) => {
      const names = [...new Set(all.filter((one) => one.from === from).map(({ name }) => name))];
      return `import { ${names.sort(byName).join(", ")} } from ${JSON.stringify(from)};`;
    })
    .join("\n");
}

function withoutComments(text: string): string {
  return text.replace(/^\s*\/\/.*$/gm, "");
}

/** Modules of Node first. */
function byKind(one: string, other: string): number {
  const rank = (name: string) => (name.startsWith("node:") ? 0 : 1);
  return rank(one) - rank(other) || (one < other ? -1 : 1);
}

function byName(one: string, other: string): number {
  const plain = (name: string) => name.replace("type ", "").toLowerCase();
  return plain(one) < plain(other) ? -1 : 1;
}
