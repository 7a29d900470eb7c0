/** The files of a new project: the smallest that works, with good practice. */

/** Path to content. */
export function newProject(name: string, version: string): Readonly<Record<string, string>> {
  return {
    "package.json": packageJson(name, version),
    "tsconfig.json": TSCONFIG,
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
    scripts: { check: "dag check && tsc", dev: "dag dev", test: "vitest run" },
    dependencies: { dagsmith: `^${version}`, zod: "^4.0.0" },
    devDependencies: { "@types/node": "^24.0.0", typescript: "^7.0.0", vitest: "^5.0.0" },
    engines: { node: ">=22.18" },
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}

const TSCONFIG = `{
  "compilerOptions": {
    "target": "es2024",
    "lib": ["es2024", "dom"],
    "module": "nodenext",
    "strict": true,
    "noEmit": true,
    "skipLibCheck": true,
    "allowImportingTsExtensions": true,
    "types": ["node"]
  },
  "include": ["dags"]
}
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

const HELLO_TEST = `import { runDag } from "dagsmith/testing";
import { expect, test } from "vitest";
import hello from "./hello.ts";

test("every name is greeted", async () => {
  const run = await runDag(hello, { params: { names: ["Ada", "Grace", "Edsger"] } });
  expect(run.state).toBe("success");
});
`;
