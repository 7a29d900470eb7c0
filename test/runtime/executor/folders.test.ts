/**
 * Folders of a version as tasks get them on a worker: unpacked once, checked, read-only.
 */
import { chmod, readdir, stat, utimes, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { FolderCache } from "../../../runtime/executor/folder_cache.ts";
import { dagFolder, writeDagFile } from "../../support/dag-folder.ts";
import { migratedDatabase, rows } from "../../support/migrated.ts";
import { deploy, runToEnd, testWorker } from "../../support/worker.ts";

const postgres = migratedDatabase(10);

const DAG = `import { readFile } from "node:fs/promises";
import { dag, folder } from "dagsmith";
const project = folder("./dbt");
const d = dag("models", { onSuccess: async ({ pathOf, log }) => log.info(await pathOf(project)) });
const read = async ({ pathOf }) => {
  const path = await pathOf(project);
  return [path, await readFile(path + "/models/one.sql", "utf8")];
};
const first = d.task("first", read);
first.before(d.task("second", read));
export default d;
`;
const FILES = { "a.js": DAG, "dbt/models/one.sql": "select 1", "dbt/run.sh": "#!/bin/sh\n" };

async function withWorker() {
  const worker = await testWorker(postgres.db);
  onTestFinished(() => worker.stop());
  return worker;
}
const outputsOf = ({ tasks }: Awaited<ReturnType<typeof runToEnd>>) =>
  tasks.map(({ output }) => output as [string, string]);

test("a worker unpacks a folder once; its files and folders can only be read", async () => {
  const folder = await dagFolder(FILES);
  await chmod(join(folder, "dbt/run.sh"), 0o755);
  const worker = await withWorker();
  await deploy(postgres.db, folder);
  const [[path, text], second] = outputsOf(await runToEnd(postgres.db, "models")) as [
    [string, string],
    [string, string],
  ];
  expect(text).toBe("select 1");
  expect(second).toEqual([path, text]);
  expect(path.startsWith(worker.cacheFolder)).toBe(true);
  const modes = ["", "models", "models/one.sql", "run.sh"].map(async (name) =>
    ((await stat(join(path, name))).mode & 0o777).toString(8),
  );
  expect(await Promise.all(modes)).toEqual(["555", "555", "444", "555"]);
});

test("a folder that was changed on the disk is unpacked again in another place", async () => {
  await withWorker();
  await deploy(postgres.db, await dagFolder(FILES));
  const [[path]] = outputsOf(await runToEnd(postgres.db, "models")) as [[string, string]];
  await chmod(join(path, "models/one.sql"), 0o644);
  await writeFile(join(path, "models/one.sql"), "drop table users");
  const [[again, text]] = outputsOf(await runToEnd(postgres.db, "models")) as [[string, string]];
  expect(again).not.toBe(path);
  expect(text).toBe("select 1");
});

test("a run goes on with the folder of its version after an edit", async () => {
  await withWorker();
  const folder = await dagFolder(FILES);
  await deploy(postgres.db, folder);
  await writeDagFile(folder, "dbt/models/one.sql", "select 2");
  await deploy(postgres.db, folder);
  const texts = outputsOf(await runToEnd(postgres.db, "models")).map(([, text]) => text);
  expect(texts).toEqual(["select 2", "select 2"]);
  const [{ count }] = (await rows<{ count: number }>(
    postgres.db,
    "select count(*)::int from dagsmith.bundle_folder",
    [],
  )) as [{ count: number }];
  expect(count).toBeGreaterThanOrEqual(2);
});

test("a worker that stops leaves no folder behind", async () => {
  const cache = await dagFolder({});
  const folders = new FolderCache(postgres.db, cache, "one");
  await deploy(postgres.db, await dagFolder(FILES));
  const [{ hash }] = (await rows<{ hash: string }>(
    postgres.db,
    "select hash from dagsmith.folder",
    [],
  )) as [{ hash: string }];
  const [path] = await Promise.all([folders.path(hash), folders.path(hash)]);
  expect((await readdir(join(cache, "folders/one"))).toSorted()).toEqual([basename(path), "used"]);
  await folders.close();
  expect(await readdir(join(cache, "folders"))).toEqual([]);
});

test("folders of a killed worker are removed when they were not used for a month", async () => {
  const cache = await dagFolder({ "folders/old/used": "", "folders/live/used": "" });
  const now = Date.now() / 1000;
  await utimes(join(cache, "folders/old/used"), now, now - 31 * 86_400);
  const folders = new FolderCache(postgres.db, cache, "new");
  await expect(folders.path("0".repeat(64))).rejects.toMatchObject({ code: "FOLDER_MISSING" });
  expect((await readdir(join(cache, "folders"))).toSorted()).toEqual(["live", "new"]);
  await folders.close();
});

test("a folder that the database does not have, or has damaged, fails clearly", async () => {
  const cache = await dagFolder({});
  const folders = new FolderCache(postgres.db, cache, "two");
  await expect(folders.path("0".repeat(64))).rejects.toMatchObject({ code: "FOLDER_MISSING" });
  await deploy(postgres.db, await dagFolder(FILES));
  const [{ hash }] = (await rows<{ hash: string }>(
    postgres.db,
    `update dagsmith.folder set archive = (select archive from dagsmith.folder f2 where f2.hash <> folder.hash limit 1)
     where hash = (select min(hash) from dagsmith.folder) returning hash`,
    [],
  )) as [{ hash: string }];
  await expect(folders.path(hash)).rejects.toMatchObject({ code: "FOLDER_CORRUPT" });
});
