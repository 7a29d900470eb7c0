/**
 * What a load keeps for the next command: only what has changed is built and imported
 * again, and nothing that may have changed is taken over.
 */
import { readdir, readFile, rm, stat, truncate } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
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

async function load(folder: string, version = "1", environment: Record<string, string> = {}) {
  const { PATH } = process.env;
  const options = { processes: 1, environment: { PATH, ...environment } };
  const loaded = await loadKept(fileOf(folder), { version, folder, environment }, options);
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
  ["another version of dagsmith", (folder: string) => load(folder, "2")],
  ["another environment", (folder: string) => load(folder, "1", { TZ: "Asia/Tokyo" })],
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
