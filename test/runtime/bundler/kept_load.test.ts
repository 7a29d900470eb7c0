/**
 * What a load keeps for the next command: only what has changed is imported again, and
 * nothing that may have changed is taken over.
 */
import { readdir, readFile, rm, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { loadFolder } from "../../../runtime/bundler/folder.ts";
import { loadKept } from "../../../runtime/bundler/kept_load.ts";
import { dagFolder, soundDag, writeDagFile } from "../../support/dag-folder.ts";

/** A DAG whose id says what it imports, and that notes each of its imports. */
const dagWith = (id: string, shared: string): string =>
  `import { dag } from "dagsmith";
import { noted } from "./lib/note.ts";
import { name } from "./lib/${shared}.ts";
const d = dag(noted("${id}"));
d.empty(name);
export default d;
`;

/** Two DAGs with a shared import, and one with another. */
async function folderOfThree() {
  const folder = await dagFolder({
    "a.ts": dagWith("a", "shared"),
    "b.ts": dagWith("b", "shared"),
    "c.ts": dagWith("c", "other"),
    "lib/shared.ts": 'export const name = "first";',
    "lib/other.ts": 'export const name = "other";',
  });
  const notes = join(folder, "notes.txt");
  await writeDagFile(
    folder,
    "lib/note.ts",
    `import { appendFileSync } from "node:fs";
export const noted = (id: string) => { appendFileSync(${JSON.stringify(notes)}, id + "\\n"); return id; };
`,
  );
  /** The DAGs that were imported since the last call. */
  const imported = async (): Promise<readonly string[]> => {
    const text = await readFile(notes, "utf8").catch(() => "");
    await rm(notes, { force: true });
    return text.split("\n").filter(Boolean).sort();
  };
  return { folder, imported };
}

const fileOf = (folder: string): string => join(folder, ".dagsmith", "builds", "kept");

async function load(folder: string, code = "1", environment: Record<string, string> = {}) {
  const { PATH } = process.env;
  const options = { processes: 1, environment: { PATH, ...environment } };
  const loaded = await loadKept(fileOf(folder), { code, folder, environment }, options);
  const tasks = loaded.versions.map(({ dagId, spec }) => `${dagId} ${spec.tasks[0]?.taskId}`);
  return { ...loaded, tasks };
}

test("nothing is imported again while nothing has changed, and the versions are the same", async () => {
  const { folder, imported } = await folderOfThree();
  const first = await load(folder);
  expect(await imported()).toEqual(["a", "b", "c"]);
  const second = await load(folder);
  expect(await imported()).toEqual([]);
  expect(second.versions).toEqual(first.versions);
  expect(second.warnings).toEqual(first.warnings);
  expect((await stat(fileOf(folder))).mode & 0o777).toBe(0o600);
  expect(await readdir(dirname(fileOf(folder)))).toEqual(["kept"]);
});

test("all that import a changed file are built again, and no others", async () => {
  const { folder, imported } = await folderOfThree();
  await load(folder);
  await imported();
  await writeDagFile(folder, "lib/shared.ts", 'export const name = "second";');
  expect((await load(folder)).tasks).toEqual(["a second", "b second", "c other"]);
  expect(await imported()).toEqual(["a", "b"]);
  await writeDagFile(folder, "lib/shared.ts", 'export const name = "first";');
  expect((await load(folder)).tasks).toEqual(["a first", "b first", "c other"]);
});

test("a file that is new or gone is seen", async () => {
  const { folder, imported } = await folderOfThree();
  await load(folder);
  await imported();
  await rm(join(folder, "b.ts"));
  await writeDagFile(folder, "d.ts", dagWith("d", "other"));
  expect((await load(folder)).tasks).toEqual(["a first", "c other", "d other"]);
  expect(await imported()).toEqual(["d"]);
});

test.each([
  ["other code of dagsmith", (folder: string) => load(folder, "2")],
  ["another environment", (folder: string) => load(folder, "1", { TZ: "Asia/Tokyo" })],
  ["another PATH", (folder: string) => load(folder, "1", { PATH: "/bin:/usr/bin" })],
  [
    "a file with one changed byte",
    async (folder: string) => {
      const content = await readFile(fileOf(folder));
      content[content.length - 9] = (content.at(-9) ?? 0) ^ 1;
      await writeFile(fileOf(folder), content);
      return load(folder);
    },
  ],
  [
    "other settings",
    async (folder: string) => {
      await writeDagFile(folder, "pnpm-lock.yaml", "lockfileVersion: 9");
      return load(folder);
    },
  ],
  [
    "a damaged file",
    async (folder: string) => {
      await truncate(fileOf(folder), 100);
      return load(folder);
    },
  ],
])("%s builds all again", async (_, again) => {
  const { folder, imported } = await folderOfThree();
  await load(folder);
  await imported();
  expect((await again(folder)).tasks).toEqual(["a first", "b first", "c other"]);
  expect(await imported()).toEqual(["a", "b", "c"]);
});

test("an import that failed, or that reads its surroundings, is made again", async () => {
  const folder = await dagFolder({ "sound.ts": soundDag("sound") });
  const setting = JSON.stringify(join(folder, "setting.txt"));
  await writeDagFile(
    folder,
    "reads.ts",
    `import { readFileSync } from "node:fs";
import { dag } from "dagsmith";
const setting = readFileSync(${setting}, "utf8");
const d = dag("reads");
d.empty(setting);
export default d;
`,
  );
  expect((await load(folder)).errors.map(({ file }) => file)).toEqual(["reads.ts"]);
  for (const text of ["now", "later"]) {
    await writeDagFile(folder, "setting.txt", text);
    expect((await load(folder)).tasks).toEqual([`reads ${text}`, "sound work"]);
  }
});

/** A DAG with one task, whose id is the name that it imports. */
const dagOf = (imported: string): string =>
  `import { dag } from "dagsmith";
import { name } from "${imported}";
const d = dag("x");
d.empty(name);
export default d;
`;
const nameIs = (name: string): string => `export const name = "${name}";`;
const extending = (file: string): string => JSON.stringify({ extends: file });
const pathTo = (file: string): string =>
  JSON.stringify({ compilerOptions: { paths: { "@name": [file] } } });
const packageOf = (file: string): string =>
  JSON.stringify({ name: "pk", type: "module", exports: file });

/** A file that was just written counts as changed, whatever else is found. */
async function makeOld(folder: string): Promise<void> {
  const anHourAgo = new Date(Date.now() - 3_600_000);
  for (const path of [".", ...(await readdir(folder, { recursive: true }))])
    await utimes(join(folder, path), anHourAgo, anHourAgo);
}

/** What an import finds: the files, the one that changes, and its text before and after. */
const FOUND: readonly (readonly [
  string,
  string,
  Record<string, string>,
  string,
  string | null,
  string,
])[] = [
  [
    "a tsconfig.json that extends another, which extends a changed one",
    "@name",
    {
      "one.ts": nameIs("one"),
      "two.ts": nameIs("two"),
      "tsconfig.json": extending("./conf/middle.json"),
      "conf/middle.json": extending("./base.json"),
    },
    "conf/base.json",
    pathTo("../one.ts"),
    pathTo("../two.ts"),
  ],
  [
    "a tsconfig.json that extends a changed package",
    "@name",
    {
      "one.ts": nameIs("one"),
      "two.ts": nameIs("two"),
      "tsconfig.json": extending("conf/base.json"),
      "node_modules/conf/package.json": "{}",
    },
    "node_modules/conf/base.json",
    pathTo("../../one.ts"),
    pathTo("../../two.ts"),
  ],
  [
    "the exports of a package",
    "pk",
    { "node_modules/pk/one.js": nameIs("one"), "node_modules/pk/two.js": nameIs("two") },
    "node_modules/pk/package.json",
    packageOf("./one.js"),
    packageOf("./two.js"),
  ],
  [
    "a new file that comes before a folder",
    "./lib",
    { "lib/index.ts": nameIs("one") },
    "lib.ts",
    null,
    nameIs("two"),
  ],
  [
    "a new file outside the DAG folder",
    "../shared/lib",
    { "../shared/lib/index.ts": nameIs("one") },
    "../shared/lib.ts",
    null,
    nameIs("two"),
  ],
  [
    "a new package.json of a folder",
    "./lib",
    { "lib/index.ts": nameIs("one"), "lib/main.ts": nameIs("two") },
    "lib/package.json",
    null,
    JSON.stringify({ main: "./main.ts" }),
  ],
];

test.each(FOUND)("%s is seen, by the next command and within a process", async (...given) => {
  const [, imported, files, changed, before, after] = given;
  const folder = await dagFolder({ "a.ts": dagOf(imported) });
  for (const [path, text] of Object.entries(files)) await writeDagFile(folder, path, text);
  if (before !== null) await writeDagFile(folder, changed, before);
  await makeOld(dirname(folder));
  const first = await load(folder);
  expect(first.tasks).toEqual(["x one"]);
  await writeDagFile(folder, changed, after);
  expect((await load(folder)).tasks).toEqual(["x two"]);
  const { PATH } = process.env;
  const options = { processes: 1, environment: { PATH }, previous: first };
  const { versions } = await loadFolder(folder, options);
  expect(versions.map(({ spec }) => spec.tasks[0]?.taskId)).toEqual(["two"]);
});

test.each([
  ["helper", "./lib/reads.ts", "lib/reads.ts"],
  ["package", "reads", "node_modules/reads/index.js"],
])("a DAG whose %s reads its surroundings is imported again", async (_, imported, path) => {
  const folder = await dagFolder({ "a.ts": dagOf(imported) });
  const setting = JSON.stringify(join(folder, "setting.txt"));
  const reads = `import { readFileSync } from "node:fs";
export const name = readFileSync(${setting}, "utf8");
`;
  await writeDagFile(folder, path, reads);
  for (const text of ["now", "later"]) {
    await writeDagFile(folder, "setting.txt", text);
    expect((await load(folder)).tasks).toEqual([`x ${text}`]);
  }
});

test("a DAG that needs a package outside its bundle is imported again", async () => {
  const folder = await dagFolder({ "a.ts": dagOf("outside") });
  await writeDagFile(
    folder,
    "package.json",
    JSON.stringify({ dagsmith: { external: ["outside"] } }),
  );
  const manifest = JSON.stringify({ type: "module", exports: "./index.js" });
  await writeDagFile(folder, "node_modules/outside/package.json", manifest);
  for (const text of ["now", "later"]) {
    await writeDagFile(folder, "node_modules/outside/index.js", nameIs(text));
    expect((await load(folder)).tasks).toEqual([`x ${text}`]);
  }
});
