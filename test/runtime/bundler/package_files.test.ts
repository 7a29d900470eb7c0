/**
 * Packages that look for files in their own folder: a warning, and the way to keep them
 * out.
 */
import { mkdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { bundle } from "../../../runtime/bundler/bundle.ts";
import { loadFolder } from "../../../runtime/bundler/folder.ts";
import { dagFolder } from "../../support/dag-folder.ts";
import { migratedDatabase } from "../../support/migrated.ts";
import { deploy, type RanRun, runToEnd, secrets, testWorker } from "../../support/worker.ts";

const MODULES = fileURLToPath(new URL("../../../node_modules", import.meta.url));

/** A folder in which the package `reader` has these files. */
const withReader = (
  files: Readonly<Record<string, string>>,
  project?: unknown,
): Promise<string> => {
  const reader = Object.entries(files).map(([path, text]) => [`node_modules/reader/${path}`, text]);
  return dagFolder({
    "d.ts":
      'import { dag } from "dagsmith";\nimport read from "reader";\nconst d = dag("d");\nd.task("t", () => read());\nexport default d;\n',
    "node_modules/reader/package.json": '{ "name": "reader", "main": "index.js" }',
    ...Object.fromEntries(reader),
    ...(project === undefined ? {} : { "package.json": JSON.stringify(project) }),
  });
};
const warningsOf = async (folder: string): Promise<readonly string[]> => {
  const { errors, warnings } = await loadFolder(folder, { processes: 1 });
  // An import takes long on a machine that is busy.
  const found = [...errors, ...warnings].filter(({ code }) => code !== "SLOW_IMPORT");
  return found.map(({ code, message }) => `${code} ${message}`);
};

describe("a package that looks for files in its own folder is a warning", () => {
  test.each([
    ["__dirname", { "index.js": "module.exports = () => __dirname;" }, "index.js:1"],
    [
      "import.meta.url",
      {
        "package.json": '{ "name": "reader", "type": "module", "exports": "./index.js" }',
        "index.js": "\nexport default () => new URL('./font.ttf', import.meta.url).href;",
      },
      "index.js:2",
    ],
    [
      "__filename in a file that it imports",
      {
        "index.js": "module.exports = require('./lib/x.js');",
        "lib/x.js": "// __dirname\n\nmodule.exports = () => __filename;",
      },
      "lib/x.js:3",
    ],
  ])("by %s, with its place and what to do", async (_how, files, place) => {
    const [warning, ...others] = await warningsOf(await withReader(files));
    expect(others).toEqual([]);
    expect(warning).toContain(`PACKAGE_FILES The package "reader" looks for files`);
    expect(warning).toContain(`node_modules/reader/${place}`);
    expect(warning).toContain('{ "dagsmith": { "external": ["reader"] } } in package.json');
  });

  test.each([
    ["in a comment", "// __dirname\nmodule.exports = () => 1;"],
    ["in a text", 'module.exports = () => "__dirname";'],
    ["as a property of another name", "module.exports = () => ({ a: import.meta });"],
  ])("but not %s", async (_where, text) => {
    const folder = await withReader({
      "package.json": '{ "name": "reader", "main": "index.js" }',
      "index.js": text,
    });
    expect((await warningsOf(folder)).filter((one) => one.includes("PACKAGE_FILES"))).toEqual([]);
  });
});

describe("external in package.json", () => {
  const files = { "index.js": "module.exports = () => __dirname;" };

  test("keeps the package and its parts out of the bundle, and there is no warning", async () => {
    const folder = await withReader(files, { dagsmith: { external: ["reader"] } });
    expect((await bundle("d.ts", folder)).code.toString()).toContain('from "reader"');
    expect(await warningsOf(folder)).toEqual([]);
  });

  test("names a package that is not installed in the project", async () => {
    const folder = await dagFolder({
      "d.ts": 'import o from "outer";\nexport default o;',
      "package.json": '{ "dagsmith": { "external": ["inner"] } }',
      "node_modules/outer/package.json": '{ "name": "outer", "main": "index.js" }',
      "node_modules/outer/index.js": 'module.exports = require("inner");',
      "node_modules/outer/node_modules/inner/package.json":
        '{ "name": "inner", "main": "index.js" }',
      "node_modules/outer/node_modules/inner/index.js": "",
    });
    await expect(bundle("d.ts", folder)).rejects.toThrow(
      'The external package "inner" must be installed in the project itself. Run: npm install inner',
    );
  });

  test.each([
    ["a text", { external: "reader" }, "is not a list of names of packages"],
    ["another setting", { externals: [] }, 'has no setting "externals"; it has "external"'],
    ["no object", ["reader"], "is not an object"],
  ])("that is %s is refused, with the file", async (_what, dagsmith, problem) => {
    const [error] = await warningsOf(await withReader(files, { dagsmith }));
    expect(error).toContain("BUNDLE_FAILED");
    expect(error).toContain("package.json: ");
    expect(error).toContain(problem);
  });
});

/**
 * Writes a line by a transport: a file of pino that a thread loads from pino's folder.
 */
const PINO = `import { dag } from "dagsmith";
import pino from "pino";
const d = dag("logs");
d.task("write", async ({ variable }) => {
  const destination = await variable("region");
  const transport = pino.transport({ target: "pino/file", options: { destination } });
  const ended = new Promise((resolve, reject) => transport.on("close", resolve).on("error", reject));
  pino(transport).info("written by a thread");
  transport.end();
  await ended;
});
export default d;
`;

describe("pino, whose transports are files that its threads load", () => {
  const postgres = migratedDatabase(4);
  const project = async (external: readonly string[]): Promise<string> => {
    const manifest = JSON.stringify({ dagsmith: { external } });
    const folder = await dagFolder({ "d.ts": PINO, "package.json": manifest });
    await mkdir(join(folder, "node_modules"));
    await symlink(join(MODULES, "pino"), join(folder, "node_modules/pino"));
    return folder;
  };

  test("is a warning, and nothing is written", async () => {
    const folder = await project([]);
    expect((await warningsOf(folder)).join("\n")).toContain(
      'The package "pino" looks for files in its own folder (node_modules/pino/lib/transport.js:',
    );
    expect((await runOn(folder)).run.task("write").state).toBe("failed");
  });

  test("works in a task of a worker when it is kept out of the bundle", async () => {
    const folder = await project(["pino"]);
    expect(await warningsOf(folder)).toEqual([]);
    const { run, written } = await runOn(folder);
    expect(run.task("write").state).toBe("success");
    expect(written).toContain("written by a thread");
  });

  async function runOn(folder: string): Promise<{ run: RanRun; written: string }> {
    const path = join(folder, "written.log");
    await deploy(postgres.db, folder);
    const variable = async (): Promise<string> => path;
    const worker = await testWorker(postgres.db, { folder, secrets: { ...secrets, variable } });
    try {
      const run = await runToEnd(postgres.db, "logs");
      return { run, written: await readFile(path, "utf8").catch(() => "") };
    } finally {
      await worker.stop();
    }
  }
});
