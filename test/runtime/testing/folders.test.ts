/**
 * Folders of a version where there is no worker: in a test of a DAG, and in `dag test`.
 */
import { readdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { dag, folder } from "dagsmith";
import { runDag, runTask, taskOf } from "dagsmith/testing";
import { expect, test } from "vitest";
import { newProject } from "../../support/cli.ts";

test("a test of a DAG gets the folder next to the file that declares it", async () => {
  const d = dag("here");
  const here = folder("./");
  const list = d.task("list", async ({ pathOf }) => readdir(await pathOf(here)));
  expect((await runTask(list)).output).toContain("folders.test.ts");
  expect((await runDag(d)).xcom("list")).toContain("folders.test.ts");
});

test("a folder that does not exist fails the task with its path", async () => {
  const d = dag("gone");
  const gone = folder("./no_such_folder");
  d.task("list", ({ pathOf }) => pathOf(gone));
  await expect(runTask(taskOf(d, "list"))).rejects.toThrow(
    `The folder "./no_such_folder" that ${import.meta.filename} declares does not exist.`,
  );
});

test("a path that is not relative to the file is refused", () => {
  expect(() => folder("/etc")).toThrow("its path must be relative to the file");
});

test("`dag test` gets the folder of the project, also from a helper in another folder", async () => {
  const project = await newProject({
    "dags/models.ts": `import { dag } from "dagsmith";
import { project } from "./lib/project.ts";
const d = dag("models");
d.task("path", ({ pathOf }) => pathOf(project));
export default d;
`,
    "dags/lib/project.ts": `import { folder } from "dagsmith";\nexport const project = folder("../../dbt");\n`,
    "dbt/one.sql": "select 1",
  });
  try {
    const { tasks } = await project.json<{ tasks: { output: string }[] }>(["test", "models"]);
    expect(tasks[0]?.output).toBe(join(await realpath(project.folder), "dbt"));
  } finally {
    await project.remove();
  }
});
