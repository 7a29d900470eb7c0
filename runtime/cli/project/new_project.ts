/** The files of a new project: the smallest that works, with good practice. */
import { tsconfig } from "./tsconfig.ts";

/** The files of a project: path to content. */
export interface NewProject {
  /** What the project cannot do without. */
  readonly needed: Readonly<Record<string, string>>;
  /** What explains it to people and to coding agents; a file of the user's own stays. */
  readonly guides: Readonly<Record<string, string>>;
}

export function newProject(name: string, version: string): NewProject {
  return {
    needed: neededFiles(name, version),
    guides: { "README.md": readme(name), "AGENTS.md": AGENTS },
  };
}

function neededFiles(name: string, version: string): Readonly<Record<string, string>> {
  return {
    "package.json": packageJson(name, version),
    "tsconfig.json": tsconfig(["dags"]),
    ".gitignore": "node_modules\n.dagsmith\n.env\n",
    "dags/hello.ts": HELLO,
    "dags/hello.test.ts": HELLO_TEST,
  };
}

function packageJson(name: string, version: string): string {
  const content = {
    name,
    private: true,
    type: "module",
    // The test runner of Node: another one would double what a project installs.
    scripts: { check: "dag check && tsc", dev: "dag dev", test: "node --test" },
    dependencies: { dagsmith: `^${version}`, zod: "^4.0.0" },
    devDependencies: { "@types/node": "^24.0.0", typescript: "^7.0.0" },
    engines: { node: ">=22.18" },
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}

const COMMANDS = `| command | what it does |
|---|---|
| \`npx dag check\` | loads every DAG file and names what is wrong, without running a task |
| \`npx dag test dags/hello.ts\` | runs a DAG once in this process, without a database |
| \`npx dag dev\` | runs everything on this machine, and reloads DAGs as files change |
| \`npm test\` | runs the tests of the DAGs |
| \`npm run check\` | \`dag check\` and the type checker |
`;

function readme(name: string): string {
  return `# ${name}

DAGs for [dagsmith](node_modules/dagsmith/README.md). Each file in \`dags/\` exports one or more of them.

${COMMANDS}`;
}

const AGENTS = `# For coding agents

This project holds DAGs for dagsmith: TypeScript modules in \`dags/\`, each with a default export.
The documents of the installed version are in \`node_modules/dagsmith/docs/\`:

- \`writing-dags.md\`: tasks, inputs, schedules, groups, hooks and operators, with an example each
- \`writing-plugins.md\`: hooks, operators and sensors for a system of your own
- \`types.md\`: what the compiler checks
- \`semantics.md\`: schedules, data intervals, trigger rules, retries, clears
- \`cli.md\`: every command and every setting; each command takes \`--json\`,
  and \`npx dag schema <command>\` prints the JSON Schema of its document

\`node_modules/dagsmith/llms.txt\` lists all documents.

${COMMANDS}
Rules:

- After a change run \`npm run check\`, then \`npx dag test <file>\` of the DAG that changed.
- A task may run more than once. Write results so that a second run changes nothing.
- Data between tasks is a JSON value: \`inputs\` names the tasks that it comes from.
- A task gets credentials by \`hook(...)\` or \`connection(...)\`, never from code or from a file.
- Use \`dataInterval\` and \`logicalDate\` for dates, not the clock.
- Each DAG has a test next to it that runs it with \`runDag\` of \`dagsmith/testing\`.
`;

const HELLO = `import { dag } from "dagsmith";
import { z } from "zod";

const d = dag("hello", {
  description: "Greets each name of a list, then counts them",
  schedule: "@daily",
  startDate: "2026-01-01",
  params: z.object({ names: z.array(z.string()).default(["Ada", "Grace"]) }),
});

const names = d.task("names", ({ params }) => params.names);

const greetings = d.task("greet", { each: names, retries: 2, retryDelay: "10s" }, ({ item, log }) => {
  log.info(\`Hello, \${item}!\`);
  return \`Hello, \${item}!\`;
});

d.task("count", { inputs: { greetings } }, ({ inputs, dataInterval, log }) => {
  log.info(\`\${inputs.greetings.length} greetings for \${dataInterval.start.toISODate()}\`);
  return inputs.greetings.length;
});

export default d;
`;

const HELLO_TEST = `import assert from "node:assert/strict";
import { test } from "node:test";
import { runDag } from "dagsmith/testing";
import hello from "./hello.ts";

test("every name is greeted", async () => {
  const run = await runDag(hello, { params: { names: ["Ada", "Grace", "Edsger"] } });
  assert.equal(run.state, "success");
});
`;
