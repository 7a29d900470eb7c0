/**
 * Folders that a DAG file declares: part of its version, refused where they cannot be.
 */
import { readFileSync } from "node:fs";
import { rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bundle, bundleAll } from "../../../runtime/bundler/bundle.ts";
import { loadFolder } from "../../../runtime/bundler/folder.ts";
import { dagFolder, soundDag } from "../../support/dag-folder.ts";

const DAG = `import { dag, folder as bundled } from "dagsmith";
const d = dag("models");
export const project = bundled("./dbt", { exclude: ["target"] });
d.task("list", ({ pathOf }) => pathOf(project));
export default d;
`;
const FILES = { "a.ts": DAG, "dbt/models/one.sql": "select 1", "dbt/target/made.json": "{}" };

const hashOf = async (folder: string) => (await bundle("a.ts", folder)).bundleHash;

async function refusal(folder: string): Promise<string> {
  const [error] = (await bundleAll(["a.ts"], folder)).errors;
  return `${error?.code} ${error?.message}`;
}

test("a changed, a new and a removed file in the folder each make a new version", async () => {
  const folder = await dagFolder(FILES);
  const hashes = [await hashOf(folder)];
  await writeFile(join(folder, "dbt/models/one.sql"), "select 2");
  hashes.push(await hashOf(folder));
  await writeFile(join(folder, "dbt/models/two.sql"), "select 2");
  hashes.push(await hashOf(folder));
  await rm(join(folder, "dbt/models/one.sql"));
  hashes.push(await hashOf(folder));
  expect(new Set(hashes).size).toBe(4);
});

test("an excluded file changes nothing, nor does the place of the checkout", async () => {
  const folder = await dagFolder(FILES);
  const hash = await hashOf(folder);
  await writeFile(join(folder, "dbt/target/made.json"), "{ }");
  expect(await hashOf(folder)).toBe(hash);
  expect(await hashOf(await dagFolder(FILES))).toBe(hash);
});

test("a load after an edit in the folder builds the file again, and no other file", async () => {
  const folder = await dagFolder({ ...FILES, "b.ts": soundDag("b") });
  const first = await loadFolder(folder, { processes: 1 });
  await writeFile(join(folder, "dbt/models/one.sql"), "select 2");
  const second = await loadFolder(folder, { processes: 1, previous: first });
  const versions = ({ versions }: typeof first) => versions.map(({ versionHash }) => versionHash);
  expect(versions(second)[0]).not.toBe(versions(first)[0]);
  expect(second.versions[1]).toBe(first.versions[1]);
  expect(second.errors).toEqual([]);
});

test("a folder that is missing is refused at the line of its call", async () => {
  const folder = await dagFolder({ "a.ts": DAG });
  expect(await refusal(folder)).toBe(
    'BUNDLE_FAILED a.ts:3: The folder "./dbt" cannot be bundled: there is no such folder.',
  );
});

test("symbolic links out of the folder, to folders and to nowhere are refused", async () => {
  const folder = await dagFolder({ ...FILES, "secret.txt": "s", "dbt/own.txt": "o" });
  const link = join(folder, "dbt/link");
  for (const [target, reason] of [
    ["../secret.txt", "leads out of the folder"],
    ["nowhere", "leads nowhere"],
    ["models", "leads to a folder"],
  ] as const) {
    await symlink(target, link);
    expect(await refusal(folder)).toContain(`the symbolic link "link" ${reason}`);
    await rm(link);
  }
  await symlink("own.txt", link);
  expect((await bundle("a.ts", folder)).folders).toHaveLength(1);
});

test("a folder over the limit is refused before it is read", async () => {
  const folder = await dagFolder(FILES);
  await writeFile(join(folder, "dbt/large.bin"), Buffer.alloc(33 * 1024 * 1024));
  expect(await refusal(folder)).toContain("it has more than 32 MiB; leave files out with exclude");
});

test.each([
  ["a computed path", 'folder("./" + "dbt")', "must be a literal"],
  ["computed names to exclude", 'folder("./dbt", { exclude: [String(1)] })', "must be literals"],
  ["another option", 'folder("./dbt", { hash: "1" })', "must be literals"],
])("%s is refused at its line", async (_, call, reason) => {
  const text = `import { dag, folder } from "dagsmith";\nconst f = ${call};\nexport default dag("a").task("t", () => f);\n`;
  const message = await refusal(await dagFolder({ "a.ts": text, "dbt/a.txt": "a" }));
  expect(message).toMatch(/^BUNDLE_FAILED a\.ts:2: /);
  expect(message).toContain(reason);
});

test("calls through a namespace and in imported files are found; other functions are left alone", async () => {
  const folder = await dagFolder({
    "a.ts": `import * as all from "dagsmith";\nimport { other } from "./lib/other.ts";\nconst d = all.dag("a");\nconst mine = all.folder(\n  "./dbt",\n);\nd.task("t", () => [mine, other]);\nexport default d;\n`,
    "lib/other.ts": `import { folder } from "dagsmith";\nconst local = { folder: (name: string) => name };\nexport const other = [folder("../dbt/models"), local.folder("./none")];\n`,
    "dbt/models/one.sql": "select 1",
  });
  const { folders, code } = await bundle("a.ts", folder);
  expect(folders.map(({ path }) => path).toSorted()).toEqual(["dbt", "dbt/models"]);
  for (const { hash } of folders) expect(code.toString()).toContain(hash);
  expect(code.toString()).toContain('local.folder("./none")');
});

test("lines after a call keep their numbers", async () => {
  const folder = await dagFolder({
    "a.ts": `import { dag, folder } from "dagsmith";\nexport const f = folder(\n  "./dbt",\n  {\n    exclude: ["target"],\n  },\n);\nthrow new Error("here");\nexport default dag("a");\n`,
    "dbt/a.txt": readFileSync(import.meta.filename, "utf8"),
  });
  const [error] = (await loadFolder(folder, { processes: 1 })).errors;
  expect(error?.at).toEqual({ file: "a.ts", line: 8 });
});
