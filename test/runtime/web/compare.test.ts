/** A task over the last runs of its DAG, and two runs side by side. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { dagSpec, taskSpec } from "../../support/rows.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

const MINUTE_MS = 60_000;

let web: TestWeb;
let runs: readonly number[];
beforeAll(async () => {
  web = await testWeb();
  const tasks = [taskSpec("load"), taskSpec("report", { upstream: ["load"] })];
  const spec = dagSpec("compared", { tasks });
  const version = await web.rows.dag(spec);
  const next = await web.rows.dag(spec);
  const [one, other] = [
    await web.rows.run("compared", version, { tookMs: 9 * MINUTE_MS }),
    await web.rows.run("compared", next, { tookMs: 5 * MINUTE_MS, state: "failed" }),
  ];
  await web.rows.instance(one, "load", { state: "success", tookMs: 4 * MINUTE_MS });
  await web.rows.instance(one, "report", { state: "success", tookMs: MINUTE_MS });
  await web.rows.instance(other, "load", { state: "failed", tookMs: 6 * MINUTE_MS, tryNumber: 3 });
  runs = [one, other];
});
afterAll(() => web.close());

const get = async (path: string): Promise<string> => (await fetch(web.url + path)).text();
const rowOf = (html: string, name: string): string =>
  (html.match(/<tr.*?<\/tr>/gs) ?? [])
    .map((row) =>
      row
        .replaceAll(/<[^>]*>/g, " ")
        .replaceAll(/\s+/g, " ")
        .trim(),
    )
    .find((row) => row.startsWith(name)) ?? "";

test("a task has its durations of the last runs, drawn to one axis", async () => {
  const html = await get("/dags/compared/tasks/load");
  expect(html).toContain('<text x="56" y="12">6 min</text>');
  expect(html).toContain('<text x="56" y="68">3 min</text>');
  expect(html.match(/<rect class="(?:success|failed)"/g)).toHaveLength(2);
  expect(html.match(/\/runs\/\d+\/tasks\/load/g)).toEqual(
    runs.toReversed().map((run) => `/runs/${run}/tasks/load`),
  );
});

test("a task that no run has says so", async () => {
  expect(await get("/dags/compared/tasks/none")).toContain(
    "None of the last 50 runs of this DAG has this task.",
  );
});

test("a run is compared with the run before it, task by task", async () => {
  const html = await get(`/runs/${runs[1]}/compare`);
  expect(rowOf(html, "The whole run")).toBe("The whole run failed 5 min success 9 min −4 min");
  expect(rowOf(html, "load")).toBe("load failed 6 min success 4 min +2 min");
  expect(rowOf(html, "report")).toBe("report not yet – success 1 min");
});

test("runs of two versions lead to what changed in the code", async () => {
  expect(await get(`/runs/${runs[1]}/compare`)).toContain("/dags/compared/code?version=2");
});

test("a first run has none to be compared with, and runs of other DAGs are refused", async () => {
  const version = await web.rows.dag(dagSpec("foreign"));
  const foreign = await web.rows.run("foreign", version);
  for (const path of [`/runs/${runs[0]}/compare`, `/runs/${runs[0]}/compare?with=${foreign}`])
    expect((await fetch(web.url + path)).status).toBe(404);
});
