import { renameSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { FolderLoad } from "../../../runtime/bundler/folder.ts";
import { watchFolder } from "../../../runtime/bundler/watch.ts";
import { dagFolder, soundDag, writeDagFile } from "../../support/dag-folder.ts";

/**
 * Watches a folder; `until` waits for a load, told now or later, that holds what the test
 * waits for.
 */
function watching(folder: string) {
  const waiting: {
    readonly matches: (load: FolderLoad) => boolean;
    readonly resolve: (load: FolderLoad) => void;
  }[] = [];
  const loads: FolderLoad[] = [];
  const failures: unknown[] = [];
  let failed: (error: unknown) => void = () => {};
  const watch = watchFolder(
    folder,
    (load) => {
      loads.push(load);
      for (const one of waiting) if (one.matches(load)) one.resolve(load);
    },
    { processes: 1, onError: (error) => [failures.push(error), failed(error)] },
  );
  onTestFinished(() => watch.stop());
  const until = (matches: (load: FolderLoad) => boolean): Promise<FolderLoad> =>
    new Promise((resolve) => {
      const latest = loads.at(-1);
      if (latest && matches(latest)) resolve(latest);
      else waiting.push({ matches, resolve });
    });
  const failure = new Promise((resolve) => {
    failed = resolve;
  });
  return { watch, until, loads, failure };
}

const holds =
  (...tasks: string[]) =>
  ({ versions }: FolderLoad): boolean =>
    JSON.stringify(versions.map(({ spec }) => spec.tasks[0]?.taskId)) === JSON.stringify(tasks);

test("an edit in place, and one by renaming a new file over the old, are seen", async () => {
  const folder = await dagFolder({ "a.ts": soundDag("a", "one") });
  const { until } = watching(folder);
  await until(holds("one"));
  await writeFile(join(folder, "a.ts"), soundDag("a", "two"));
  await until(holds("two"));
  for (const task of ["three", "four"]) {
    await writeFile(join(folder, ".a.ts.swp"), soundDag("a", task));
    await rename(join(folder, ".a.ts.swp"), join(folder, "a.ts"));
    await until(holds(task));
  }
});

test("a broken edit gives an import error, and mending it the DAG again", async () => {
  const folder = await dagFolder({ "a.ts": soundDag("a", "one"), "b.ts": soundDag("b", "other") });
  const { until } = watching(folder);
  await until(holds("one", "other"));
  await writeFile(join(folder, "a.ts"), "import { dag } from 'dagsmith';\nexport default dag(");
  expect((await until(holds("other"))).errors).toMatchObject([
    { file: "a.ts", code: "BUNDLE_FAILED" },
  ]);
  await writeFile(join(folder, "a.ts"), soundDag("a", "two"));
  await until(holds("two", "other"));
});

test("an edit of an imported file is seen, also outside the folder", async () => {
  const folder = await dagFolder({
    "a.ts":
      'import { dag } from "dagsmith";\nimport { name } from "../lib/deep/name.ts";\nconst d = dag("a");\nd.empty(name);\nexport default d;',
    "../lib/deep/name.ts": 'export const name = "one";',
  });
  const { until } = watching(folder);
  await until(holds("one"));
  await writeFile(join(folder, "../lib/deep/name.ts"), 'export const name = "two";');
  await until(holds("two"));
});

test("what an import error misses is awaited, whatever its name", async () => {
  const folder = await dagFolder({
    "a.ts":
      'import { dag } from "dagsmith";\nimport q from "./q.sql";\nconst d = dag("a");\nd.empty(q);\nexport default d;',
  });
  const { until } = watching(folder);
  await until(({ errors }) => errors.length === 1);
  await writeFile(join(folder, "q.sql"), "now_there");
  await until(holds("now_there"));
});

test("files in a new folder are found, and those of a removed one forgotten; a folder that comes back is watched again", async () => {
  const folder = await dagFolder({ "a.ts": soundDag("a", "one") });
  const { until } = watching(folder);
  await until(holds("one"));
  for (const task of ["two", "three"]) {
    await mkdir(join(folder, "team.v1"));
    await writeFile(join(folder, "team.v1/b.ts"), soundDag("b", task));
    await until(holds("one", task));
    await writeFile(join(folder, "team.v1/b.ts"), soundDag("b", "edited"));
    await until(holds("one", "edited"));
    await rm(join(folder, "team.v1"), { recursive: true });
    await until(holds("one"));
  }
});

test("a folder that is exchanged for another, as a checkout does, is watched as the new one", async () => {
  const folder = await dagFolder({
    "team/a.ts": soundDag("a", "one"),
    "../next/a.ts": soundDag("a", "two"),
  });
  const { until } = watching(folder);
  await until(holds("one"));
  renameSync(join(folder, "team"), join(folder, "../before"));
  renameSync(join(folder, "../next"), join(folder, "team"));
  await until(holds("two"));
  await writeFile(join(folder, "team/a.ts"), soundDag("a", "three"));
  await until(holds("three"));
});

test("the folder itself may go, which is told, and come back", async () => {
  const folder = await dagFolder({ "a.ts": soundDag("a", "one") });
  const { until, failure } = watching(folder);
  await until(holds("one"));
  await rename(folder, join(dirname(folder), "away"));
  await expect(failure).resolves.toMatchObject({ code: "FILE_NOT_FOUND" });
  await writeDagFile(folder, "a.ts", soundDag("a", "two"));
  await until(holds("two"));
  await writeFile(join(folder, "a.ts"), soundDag("a", "three"));
  await until(holds("three"));
});

test("what changes nothing is not told", async () => {
  const folder = await dagFolder({ "a.ts": soundDag("a", "one") });
  const { until, loads } = watching(folder);
  await until(holds("one"));
  await writeFile(join(folder, "server.log"), "a line\n");
  await writeFile(join(folder, "helper.ts"), "export const unused = 1;");
  await writeFile(join(folder, "a.ts"), soundDag("a", "one"));
  await writeFile(join(folder, "b.ts"), soundDag("b", "two"));
  await until(holds("one", "two"));
  expect(loads).toHaveLength(2);
});

test("stopping ends a load that hangs, may happen twice, and nothing is told after it", async () => {
  const folder = await dagFolder({ "a.ts": `${soundDag("a")}while (true);` });
  const { watch, loads } = watching(folder);
  await Promise.all([watch.stop(), watch.stop()]);
  await writeFile(join(folder, "a.ts"), soundDag("a"));
  await watch.stop();
  expect(loads).toEqual([]);
});

test("an edit in a folder that a DAG declares is seen, however deep", async () => {
  const text = soundDag("a").replace("{ dag }", "{ dag, folder }");
  const folder = await dagFolder({
    "a.ts": `${text}export const models = folder("./dbt");\n`,
    "dbt/models/one.sql": "select 1",
  });
  const { until } = watching(folder);
  const first = (await until(holds("work"))).versions[0]?.versionHash;
  await writeFile(join(folder, "dbt/models/one.sql"), "select 2");
  await until(({ versions }) => versions[0]?.versionHash !== first);
});
