/**
 * What page and API show of rules between tasks: warnings, automatic pauses, tasks that
 * wait for the run before.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { dagSpec, taskSpec } from "../../support/rows.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

let web: TestWeb;
let run: number;
beforeAll(async () => {
  web = await testWeb();
  const tasks = [
    taskSpec("maybe", { allowFailure: true }),
    taskSpec("past", { dependsOnPast: true }),
    taskSpec("gone"),
  ];
  const version = await web.rows.dag(dagSpec("ruled", { tasks }));
  run = await web.rows.run("ruled", version, { state: "running" });
  await web.rows.instance(run, "maybe", { state: "failed", reason: "Error: not today" });
  await web.rows.sql("update dagsmith.dag_run set warnings = 1 where id = $1", [run]);
  await web.rows.sql(
    "insert into dagsmith.depends_on_past_wait (run_id, task_id) values ($1, 'past')",
    [run],
  );
  await web.rows.instance(run, "gone", { state: "removed" });
  await web.rows.dag(dagSpec("stopped"), { isPaused: true });
  await web.rows.sql(
    "update dagsmith.dag set pause_reason = 'its last 3 runs failed' where dag_id = 'stopped'",
  );
});
afterAll(() => web.close());

const html = async (path: string): Promise<string> => (await fetch(web.url + path)).text();
const json = async (path: string) => (await fetch(`${web.url}/api/v1${path}`)).json();

test("a run shows what failed and was allowed to, in its head, its tasks and the list", async () => {
  expect((await html(`/runs/${run}`)).match(/1 warning/g)).toHaveLength(2);
  expect(await html("/dags/ruled/runs")).toContain("1 warning");
  expect(await html(`/runs/${run}/tasks/maybe`)).toContain("1 warning");
  expect(await json(`/runs/${run}`)).toMatchObject({ warnings: 1 });
  const { tasks } = await json(`/runs/${run}/tasks`);
  expect(
    tasks.map((task: { taskId: string; warning: boolean }) => [task.taskId, task.warning]),
  ).toEqual([
    ["maybe", true],
    ["past", false],
    ["gone", false],
  ]);
});

test("a task that waits for its past says so", async () => {
  expect(await html(`/runs/${run}`)).toContain("waits for the run before");
});

test("an instance that was removed is shown as such", async () => {
  expect(await html(`/runs/${run}`)).toContain("removed");
});

test("a DAG that was paused because it failed says why, in the list and on its page", async () => {
  expect(await html("/")).toContain("its last 3 runs failed");
  expect(await html("/dags/stopped")).toContain("its last 3 runs failed");
  expect(await json("/dags/stopped")).toMatchObject({
    isPaused: true,
    pauseReason: "its last 3 runs failed",
  });
});
