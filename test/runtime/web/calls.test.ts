/**
 * Calls on the page and in the API: from the task to the run that it called, and back.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { dagSpec, taskSpec } from "../../support/rows.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

let web: TestWeb;
let caller: number;
let called: number;
beforeAll(async () => {
  web = await testWeb();
  const call = { dagId: "inner", waits: true };
  const tasks = [taskSpec("plain"), taskSpec("each", { each: { items: [1, 2] }, call })];
  const outer = await web.rows.dag(dagSpec("outer", { tasks }));
  const inner = await web.rows.dag(dagSpec("inner"));
  caller = await web.rows.run("outer", outer, { state: "running" });
  called = await web.rows.run("inner", inner, { state: "failed" });
  const instance = await web.rows.instance(caller, "each", { state: "failed", mapIndex: 1 });
  await web.rows.instance(caller, "plain", { state: "success" });
  await web.rows.sql(
    `insert into dagsmith.task_call
       (task_instance_id, try_number, dag_id, params, waits, rerun, state, called_run_id)
     values ($1, 1, 'inner', '{}', true, 'failed', 'over', $2)`,
    [instance, called],
  );
  const trigger = { type: "call", dagId: "outer", runId: "r", taskId: "each", mapIndex: 1 };
  await web.rows.sql(
    "update dagsmith.dag_run set run_type = 'called', trigger = $2 where id = $1",
    [called, JSON.stringify({ ...trigger, chain: ["outer"] })],
  );
});
afterAll(() => web.close());

/** Without the places where a line may break within an id. */
const page = async (path: string): Promise<string> =>
  (await (await fetch(web.url + path)).text()).replaceAll(/<wbr\/?>/g, "");
const api = async (path: string): Promise<Record<string, unknown>> =>
  (await fetch(`${web.url}/api/v1${path}`)).json() as Promise<Record<string, unknown>>;

test("the page of the task names the called run, with its state", async () => {
  const html = await page(`/runs/${caller}/tasks/each/1`);
  expect(html).toMatch(new RegExp(`Called run <a href="/runs/${called}">[^<]+</a> of inner`));
  expect(await page(`/runs/${caller}/tasks/plain`)).not.toContain("Called run");
});

test("the page of the called run names the task that called it", async () => {
  expect(await page(`/runs/${called}`)).toContain(
    `task <a href="/runs/${caller}/tasks/each/1">each[1]</a> of outer`,
  );
});

test("the API has both ways", async () => {
  expect((await api(`/runs/${caller}/tasks/each/1`)).called).toMatchObject({
    ...{ run: called, dagId: "inner", state: "failed" },
  });
  expect((await api(`/runs/${caller}/tasks/plain`)).called).toBeNull();
  expect((await api(`/runs/${called}`)).caller).toMatchObject({
    ...{ run: caller, dagId: "outer", taskId: "each", mapIndex: 1 },
  });
  expect((await api(`/runs/${caller}`)).caller).toBeNull();
});
