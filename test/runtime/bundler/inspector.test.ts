import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { bundleAll } from "../../../runtime/bundler/bundle.ts";
import {
  type Inspection,
  type InspectorOptions,
  startInspector,
} from "../../../runtime/bundler/inspector.ts";
import { dagFolder, soundDag } from "../../support/dag-folder.ts";
import { childrenOf } from "../../support/processes.ts";
import { until } from "../../support/until.ts";

/** So that the processes of a test do not compile the same modules again. */
const { NODE_COMPILE_CACHE } = process.env;
const ONE: InspectorOptions = { processes: 1, environment: { NODE_COMPILE_CACHE } };
/** Long enough for a sound file on a busy machine. */
const SHORT: InspectorOptions = { ...ONE, timeLimitMs: 2_000 };

/** Inspects the files in order, in one process unless told otherwise. */
async function inspect(
  files: Readonly<Record<string, string>>,
  options: InspectorOptions = ONE,
): Promise<readonly Inspection[]> {
  const folder = await dagFolder(files);
  const { bundles, errors } = await bundleAll(
    Object.keys(files).filter((file) => /^[^/]+\.(ts|js)$/.test(file)),
    folder,
  );
  expect(errors).toEqual([]);
  const inspector = startInspector(folder, options);
  onTestFinished(() => inspector.stop());
  return inspector.inspectAll(bundles);
}

async function errorOf(
  text: string,
  options: InspectorOptions = ONE,
  more: Readonly<Record<string, string>> = {},
) {
  const [inspection] = await inspect({ "a.ts": text, ...more }, options);
  return inspection?.error;
}

const dagIds = (inspections: readonly Inspection[]): string[] =>
  inspections.map(({ specs, error }) => specs[0]?.dagId ?? error?.code ?? "?");

describe("a file that fails", () => {
  test("by throwing is shown with the line and the stack of what was written", async () => {
    const error = await errorOf(
      'import { dag } from "dagsmith";\n\nfunction region(): string {\n  throw new Error("no region");\n}\nexport default dag(region());\n',
    );
    expect(error).toMatchObject({
      file: "a.ts",
      line: 4,
      code: "IMPORT_FAILED",
      message: "a.ts:4: importing the file failed: no region",
    });
    expect(error?.stack).toBe(
      "Error: no region\n    at region (a.ts:4:9)\n    at <anonymous> (a.ts:6:20)",
    );
  });

  test("inside a helper is shown with the helper's line", async () => {
    const error = await errorOf(
      'import { dag } from "dagsmith";\nimport { x } from "./lib/x.ts";\nexport default dag(x);',
      undefined,
      {
        "lib/x.ts": '\nexport const x: string = (() => {\n  throw new TypeError("bad");\n})();\n',
      },
    );
    expect(error).toMatchObject({ file: "a.ts", line: null, at: { file: "lib/x.ts", line: 3 } });
    expect(error?.message).toBe("lib/x.ts:3: importing the file failed: bad");
  });

  test("inside a package is shown with the line that called it", async () => {
    const error = await errorOf(
      'import { dag } from "dagsmith";\nimport p from "p";\n\nexport default dag(p());',
      undefined,
      {
        "node_modules/p/package.json": '{ "name": "p", "main": "index.js" }',
        "node_modules/p/index.js": 'module.exports = () => { throw new Error("inside"); };',
      },
    );
    expect(error).toMatchObject({ at: { file: "a.ts", line: 4 } });
  });

  test("in a folder and a file with odd names is still found", async () => {
    const folder = await dagFolder(
      {
        "a b#1 %20.ts":
          'import { dag } from "dagsmith";\nthrow new Error("x");\nexport default dag("a");',
      },
      "täsks (1)",
    );
    const inspector = startInspector(folder, ONE);
    onTestFinished(() => inspector.stop());
    const [inspection] = await inspector.inspectAll(
      (await bundleAll(["a b#1 %20.ts"], folder)).bundles,
    );
    expect(inspection?.error).toMatchObject({ file: "a b#1 %20.ts", line: 2 });
  });

  test("with a schedule that can never run is refused, before a scheduler meets it", async () => {
    const error = await errorOf(
      'import { dag } from "dagsmith";\nconst d = dag("a", { schedule: "0 0 31 2 *" });\nd.empty("x");\nexport default d;',
    );
    expect(error).toMatchObject({
      code: "INVALID_SCHEDULE",
      message: expect.stringContaining("no date matches it"),
    });
  });

  test("with an error of the SDK keeps its code, and points at the line that caused it", async () => {
    const error = await errorOf(
      'import { dag } from "dagsmith";\nconst d = dag("a");\nd.empty("x");\nd.empty("x");\nexport default d;',
    );
    expect(error).toMatchObject({ code: "DUPLICATE_TASK_ID", line: 4 });
  });

  test("by importing a name that a module does not export points at the import", async () => {
    const error = await errorOf(
      'import { dag } from "dagsmith";\n\nimport { shceduled } from "dagsmith";\nexport default dag(shceduled);',
    );
    expect(error).toMatchObject({ code: "IMPORT_FAILED", line: 3 });
    expect(error?.message).toContain("does not provide an export named 'shceduled'");
  });

  test.each([
    ["null", "throw null;", "null"],
    ["a string", 'throw "plain";', "plain"],
    [
      "an object that cannot be shown",
      "throw { toString() { throw 1; } };",
      "it threw a value that cannot be shown",
    ],
  ])("by throwing %s is an import error all the same", async (_, text, reason) => {
    const error = await errorOf(`import "dagsmith";\n${text}`);
    expect(error).toMatchObject({
      code: "IMPORT_FAILED",
      message: `a.ts: importing the file failed: ${reason}`,
    });
  });

  test("with a rejection that nobody handles is an import error", async () => {
    const error = await errorOf(`${soundDag("a")}\nvoid Promise.reject(new Error("late"));`);
    expect(error).toMatchObject({ code: "IMPORT_FAILED", line: 6 });
  });

  test.each([
    ["nothing", "export const x = 1;", "missing"],
    ["null", "export default null;", "null"],
    [
      "a function",
      "export default function make() {}",
      "the function make (export what it returns)",
    ],
    ["a promise", "export default (async () => dag('a'))();", "a promise (await it)"],
    ["an object", "export default { d: 1 };", "an object with the keys d"],
    ["a class's instance", "export default new Date();", "an instance of Date"],
    ["an empty list", "export default [];", "an empty list"],
    [
      "a list with something else",
      "export default [dag('a'), 7];",
      "a list whose item 2 is a number",
    ],
  ])("by exporting %s is told what was found", async (_, text, found) => {
    const error = await errorOf(`import { dag } from "dagsmith";\ndag;\n${text}`);
    expect(error?.code).toBe("NOT_A_DAG");
    expect(error?.message).toContain(`the default export is ${found};`);
  });
});

describe("a file that does something to its process", () => {
  test("by never yielding is killed after the limit, and the next file is inspected", async () => {
    const inspections = await inspect(
      { "a.ts": 'import "dagsmith";\nwhile (true);', "b.ts": soundDag("b") },
      SHORT,
    );
    expect(dagIds(inspections)).toEqual(["IMPORT_TIMEOUT", "b"]);
    expect(inspections[0]?.error?.message).toMatch(
      /^a\.ts: importing the file took longer than 2 s\./,
    );
  });

  test("by awaiting for too long is killed after the limit", async () => {
    expect(
      await errorOf('import "dagsmith";\nawait new Promise((r) => setTimeout(r, 1e8));', SHORT),
    ).toMatchObject({
      code: "IMPORT_TIMEOUT",
    });
  });

  test("by awaiting what can never happen is found out at once", async () => {
    const inspections = await inspect({
      "a.ts": 'import "dagsmith";\nawait new Promise(() => {});',
      "b.ts": soundDag("b"),
    });
    expect(dagIds(inspections)).toEqual(["IMPORT_UNSETTLED", "b"]);
  });

  test.each([
    ["exiting with 0", "process.exit(0);", "exit code 0"],
    ["exiting with 3", "process.exit(3);", "exit code 3"],
    [
      "killing itself",
      'process.kill(process.pid, "SIGKILL"); await new Promise((r) => setTimeout(r, 1e8));',
      "killed by SIGKILL",
    ],
    ["cutting the channel", "(await import('node:fs')).closeSync(3);", "killed by SIGKILL"],
  ])("by %s is reported, and neither file before nor after it is blamed", async (_, text, how) => {
    const inspections = await inspect({
      "a.ts": soundDag("a"),
      "b.ts": `import "dagsmith";\n${text}`,
      "c.ts": soundDag("c"),
    });
    expect(dagIds(inspections)).toEqual(["a", "IMPORT_EXITED", "c"]);
    expect(inspections[1]?.error?.message).toContain(`(${how})`);
  });

  test.each([
    [
      "the heap",
      "const all = []; while (true) all.push(new Array(100_000).fill(0).map((_, i) => ({ i })));",
    ],
    [
      "buffers",
      "const all = []; while (true) { all.push(Buffer.alloc(16_777_216, 1)); await new Promise((r) => setImmediate(r)); }",
    ],
  ])("by filling %s is stopped at the limit", async (_, text) => {
    const inspections = await inspect(
      { "a.ts": `import "dagsmith";\n${text}`, "b.ts": soundDag("b") },
      { ...ONE, memoryLimitMegabytes: 64 },
    );
    expect(dagIds(inspections)).toEqual(["IMPORT_MEMORY", "b"]);
  });

  test("by printing 100 MB is still inspected", async () => {
    const print =
      'const line = "x".repeat(1_000_000);\nfor (let i = 0; i < 50; i++) { console.log(line); console.error(line); }\n';
    expect(dagIds(await inspect({ "a.ts": soundDag("a") + print }))).toEqual(["a"]);
  });

  test("by a timer that kills the process during the next file does not get that file blamed", async () => {
    const inspections = await inspect({
      "a.ts": `${soundDag("a")}setTimeout(() => process.exit(1), 1);`,
      "b.ts": `${soundDag("b")}await new Promise((r) => setTimeout(r, 200));`,
    });
    expect(dagIds(inspections)).toEqual(["a", "b"]);
  });

  test("by talking to the parent in the place of another file is not heard", async () => {
    const inspections = await inspect({
      "a.ts": `${soundDag("a")}process.send?.({ type: "described", specs: [{ dagId: "forged" }], importMs: 0, heapMegabytes: 0 });`,
    });
    expect(dagIds(inspections)).toEqual(["a"]);
  });

  test.each([
    ["stray bytes", "x"],
    ["null", "null"],
    ["what is no answer", '{"type":"described","specs":[{}]}'],
  ])("by writing %s to the channel is an import error of that file alone", async (_, line) => {
    const inspections = await inspect({
      "a.ts": soundDag("a"),
      "b.ts": `import { writeSync } from "node:fs";\n${soundDag("b")}writeSync(3, ${JSON.stringify(`${line}\n`)});`,
      "c.ts": soundDag("c"),
    });
    expect(dagIds(inspections)).toEqual(["a", "INVALID_IMPORT_MESSAGE", "c"]);
    expect(inspections[1]?.error?.message).toMatch(/^b\.ts: /);
  });

  test.each([
    ["a NUL", "a\\0b"],
    ["half of a surrogate pair", "a\\ud800b"],
  ])(
    "with %s in a text is refused, because it would break the list of all DAGs",
    async (_, text) => {
      const [odd, sound] = await inspect({
        "a.ts": `import { dag } from "dagsmith";\nconst d = dag("a", { description: "${text}" });\nd.empty("work");\nexport default d;\n`,
        "b.ts": soundDag("b"),
      });
      expect(odd?.error).toMatchObject({
        code: "UNSTORABLE_TEXT",
        message: expect.stringContaining("the text at a.description contains"),
      });
      expect(sound?.error).toBeNull();
    },
  );

  test.each([
    ["JSON.stringify", 'JSON.stringify = () => "{";'],
    ["toJSON of every object", 'Object.prototype.toJSON = () => "poison";'],
    ["Array.prototype.map", "Array.prototype.map = () => [];"],
    ["Promise", "globalThis.Promise = class {};"],
    ["process.exit", "process.exit = () => undefined;"],
    ["the environment", 'process.env.PATH = "/nowhere";'],
    ["the working directory", 'process.chdir("/");'],
    ["a timer", "setInterval(() => undefined, 1_000);"],
  ])("by replacing or leaving %s does not change how the next file is read", async (_, code) => {
    const inspections = await inspect({
      "a.js": soundDag("a"),
      "b.js": `${soundDag("b")}${code}`,
      "c.js": `import { dag } from "dagsmith";\nconst d = dag("c", { tags: [process.cwd(), ...[1].map((n) => String(n))] });\nd.empty("work");\nexport default d;\n`,
    });
    const [a, , c] = inspections;
    expect([a?.error, c?.error]).toEqual([null, null]);
    expect(c?.specs[0]?.tags).toEqual([expect.stringMatching(/dags$/), "1"]);
  });

  test("leaves none of the processes that it started", async () => {
    const { port, connection } = await listening();
    const folder = await dagFolder({
      "a.ts": `import { spawn } from "node:child_process";
${soundDag("a")}
const child = spawn(process.execPath, ["-e", "require('net').connect(${port}, '127.0.0.1', () => console.log('connected'))"]);
await new Promise((connected) => child.stdout.once("data", connected));`,
    });
    const inspector = startInspector(folder, ONE);
    onTestFinished(() => inspector.stop());
    await inspector.inspectAll((await bundleAll(["a.ts"], folder)).bundles);
    const { closed } = await connection;
    await inspector.stop();
    await closed;
  });

  test("does not outlive a parent that was killed, even by never yielding", async () => {
    const { port, connection } = await listening();
    const folder = await dagFolder({
      "a.ts": `import { connect } from "node:net";\n${soundDag("a")}\nawait new Promise((connected) => {\n  const socket = connect(${port}, "127.0.0.1", () => connected(socket.write("spinning from now on")));\n});\nwhile (true);`,
    });
    const loader = new URL("../../../runtime/bundler/folder.ts", import.meta.url).href;
    const parent = spawn(
      process.execPath,
      [
        "--input-type=module",
        "-e",
        `(await import("${loader}")).loadFolder(${JSON.stringify(folder)}).catch(() => {});`,
      ],
      { stdio: "ignore", env: { ...process.env, TMPDIR: folder } },
    );
    const { closed, spoke } = await connection;
    await spoke;
    parent.kill("SIGKILL");
    await closed;
  });
});

interface Connection {
  readonly spoke: Promise<unknown>;
  readonly closed: Promise<unknown>;
}

/** A server that one process connects to for as long as it lives. */
async function listening(): Promise<{
  readonly port: number;
  readonly connection: Promise<Connection>;
}> {
  const server = createServer();
  onTestFinished(() => void server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const connection = once(server, "connection").then(([socket]: Socket[]) => {
    const closed = new Promise((resolve) => socket!.once("close", resolve));
    const spoke = new Promise((resolve) => socket!.once("data", resolve));
    socket!.on("error", () => {});
    return { closed, spoke };
  });
  return { port: (server.address() as AddressInfo).port, connection };
}

describe("what a file sees of the machine", () => {
  test("is no secret of the environment, only the five harmless variables", async () => {
    const environment = {
      PATH: "/bin",
      TZ: "UTC",
      DATABASE_URL: "postgres://secret",
      AWS_SECRET_ACCESS_KEY: "secret",
      HOME: undefined,
    };
    const [inspection] = await inspect(
      {
        "a.ts":
          'import { dag } from "dagsmith";\nconst d = dag("a");\nfor (const name of Object.keys(process.env).sort()) d.empty(name);\nexport default d;',
      },
      { processes: 1, environment },
    );
    expect(
      inspection?.specs[0]?.tasks
        .map(({ taskId }) => taskId)
        .filter((name) => !name.startsWith("NODE_CHANNEL")),
    ).toEqual(["PATH", "TZ"]);
  });
});

describe("a sound file", () => {
  test("may use CommonJS packages, JSON, SQL, top-level await, its own require, and a native package of the project", async () => {
    const inspections = await inspect({
      "a.ts": [
        'import { createRequire } from "node:module";',
        'import { dag } from "dagsmith";',
        'import common from "common";',
        'import native from "native";',
        'import settings from "./settings.json" with { type: "json" };',
        'import query from "./query.sql";',
        "const require = createRequire(import.meta.url);",
        'const late = await Promise.resolve("late");',
        'const d = dag("a", { description: query.trim() });',
        'for (const id of [common, native, settings.name, late, typeof require("fs").readFile]) d.empty(id);',
        "export default d;",
      ].join("\n"),
      "settings.json": '{ "name": "from_json" }',
      "query.sql": "select 1\n",
      "node_modules/common/package.json": '{ "name": "common", "main": "index.js" }',
      "node_modules/common/index.js":
        'const name = "pa" + "th";\nmodule.exports = require(name).basename("/x/from_common") + (__dirname ? "" : "!");',
      "node_modules/native/package.json":
        '{ "name": "native", "main": "index.js", "gypfile": true }',
      "node_modules/native/index.js": 'module.exports = "from_native";',
    });
    expect(inspections[0]?.error).toBeNull();
    expect(inspections[0]?.specs[0]?.description).toBe("select 1");
    expect(inspections[0]?.specs[0]?.tasks.map(({ taskId }) => taskId)).toEqual([
      "from_common",
      "from_native",
      "from_json",
      "late",
      "function",
    ]);
  });

  test("may hold several DAGs, and 5,000 tasks", async () => {
    const [inspection] = await inspect({
      "a.ts":
        'import { dag } from "dagsmith";\nconst make = (id: string) => {\n  const d = dag(id);\n  for (let i = 0; i < 5000; i++) d.empty("t" + i);\n  return d;\n};\nexport default [make("a"), make("b")];',
    });
    expect(inspection?.specs.map(({ dagId, tasks }) => [dagId, tasks.length])).toEqual([
      ["a", 5000],
      ["b", 5000],
    ]);
  });

  test("may be written in CommonJS", async () => {
    expect(
      dagIds(
        await inspect({
          "a.js":
            'const { dag } = require("dagsmith");\nconst d = dag("a");\nd.empty("x");\nmodule.exports = d;',
        }),
      ),
    ).toEqual(["a"]);
  });

  test("finds its place among many in several processes", async () => {
    const files = Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [`d${index}.ts`, soundDag(`d${index}`)]),
    );
    expect(
      dagIds(await inspect(files, { ...ONE, processes: Math.max(2, availableParallelism()) })),
    ).toEqual(Object.keys(files).map((file) => file.slice(0, -3)));
  });
});

describe("stopping", () => {
  test("needs nothing to have started, and may happen twice", async () => {
    const inspector = startInspector(await dagFolder({}));
    await inspector.stop();
    await inspector.stop();
    await expect(inspector.inspectAll([])).resolves.toEqual([]);
  });

  test("ends an inspection that hangs, which then rejects", async () => {
    const folder = await dagFolder({
      "a.ts": 'import "dagsmith";\nwhile (true);',
      "b.ts": soundDag("b"),
    });
    const inspector = startInspector(folder, ONE);
    const inspecting = inspector.inspectAll((await bundleAll(["a.ts", "b.ts"], folder)).bundles);
    const rejected = expect(inspecting).rejects.toThrow("stopped");
    await inspector.stop();
    await rejected;
  });
});

test("a process that is killed before it reached a file is no fault of the file", async () => {
  const folder = await dagFolder({
    "a.js": `import { appendFileSync } from "node:fs";\n${soundDag("a")}appendFileSync("imports", "x");`,
  });
  const { bundles } = await bundleAll(["a.js"], folder);
  const journal = join(folder, "imports");
  await until("a kill that comes before the import", async () => {
    rmSync(journal, { force: true });
    const inspector = startInspector(folder, ONE);
    const others = childrenOf(process.pid);
    const inspecting = inspector.inspectAll(bundles);
    for (const pid of childrenOf(process.pid))
      if (!others.includes(pid)) process.kill(pid, "SIGKILL");
    const [inspection] = await inspecting;
    await inspector.stop();
    const imports = existsSync(journal) ? readFileSync(journal, "utf8") : "";
    const isKilledLate = imports === "x" && inspection?.error !== null;
    if (isKilledLate) return false;
    expect(inspection).toMatchObject({ error: null, specs: [{ dagId: "a" }] });
    return true;
  });
});

test("a file that no process can reach is an import error with the reason", async () => {
  const folder = await dagFolder({ "a.js": soundDag("a") });
  const { bundles } = await bundleAll(["a.js"], folder);
  rmSync(folder, { recursive: true });
  const inspector = startInspector(folder, ONE);
  onTestFinished(() => inspector.stop());
  const [inspection] = await inspector.inspectAll(bundles);
  expect(inspection?.error).toMatchObject({
    code: "IMPORT_EXITED",
    message: expect.stringContaining("ENOENT"),
  });
});
