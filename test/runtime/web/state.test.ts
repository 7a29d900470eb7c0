/** State and steps of tasks: on the pages and in the API, and who may see and delete them. */
import { afterAll, beforeAll, expect, test } from "vitest";
import * as actions from "../../../runtime/actions/index.ts";
import { completeTries } from "../../../runtime/engine/results/complete_tries.ts";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import { putHeldRendered } from "../../../runtime/store/values/rendered_fields.ts";
import { setState } from "../../../runtime/store/values/state.ts";
import { beginHeldStep, endHeldStep } from "../../../runtime/store/values/step.ts";
import { runEngineTransaction } from "../../../runtime/transactions/engine_tx.ts";
import { dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { driverOf, endOf, runnable, WORKER } from "../../support/engine_driver.ts";
import { known } from "../../support/migrated.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

let web: TestWeb;
let run: number;
beforeAll(async () => {
  web = await testWeb({ actions });
  for (const dagId of ["orders", "others"]) {
    const d = dag(dagId, { tags: [dagId] });
    d.task("sync", async () => null);
    await known(web.db, describeDag(d));
  }
  run = await synced();
  await setState(web.db, { scope: "dag:others", key: "of_others", json: "1" });
  await setState(web.db, { scope: "dag:orders_too", key: "of_orders_too", json: "1" });
});
afterAll(() => web.close());

const FIELDS = [
  { name: "sql", value: "select 1 where 1 < $1", characters: 21 },
  { name: "script", value: "y".repeat(20_000), characters: 30_000 },
];

/** A run whose task did two of its three steps, and set state of each kind. */
async function synced(): Promise<number> {
  const { id } = await actions.triggerRun(web.db, { dagId: "orders", actor: "ann" });
  const driver = driverOf(web.db, new Plans(), id);
  const [one] = runnable(await driver.look());
  await driver.take(one!);
  const held = { instanceId: one!.id, tryNumber: 1, workerId: WORKER };
  const draft = { draft: { id: 7, text: "<b>länger</b> ".repeat(20) } };
  for (const name of ["create <draft>", "send", "broken"]) await beginHeldStep(web.db, name, held);
  await endHeldStep(web.db, { name: "send", json: null }, held);
  await endHeldStep(web.db, { name: "create <draft>", json: JSON.stringify(draft) }, held);
  await putHeldRendered(web.db, FIELDS, held);
  const state = [
    { scope: "dag", key: "cursor <1>", json: '{"page":3}' },
    { scope: "task", key: "seen", json: '"2026-01-01"' },
    { scope: "shared:cursors", key: "orders", json: "12" },
  ];
  const end = endOf(one!, { kind: "success", output: { json: "null" }, state } as never);
  await runEngineTransaction(web.db, new Plans(), (tx) => completeTries(tx, [end]));
  return id;
}

const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT/);

const page = async (path: string): Promise<string> => (await fetch(web.url + path)).text();
const api = async (path: string): Promise<Record<string, unknown>[] & Record<string, unknown>> =>
  (await fetch(`${web.url}/api/v1${path}`)).json();

test("the API lists the state of a DAG and its tasks, with the try that set it, and of no other", async () => {
  const writer = { run, taskId: "sync", mapIndex: -1, tryNumber: 1 };
  expect(await api("/dags/orders/state")).toMatchObject({
    next: null,
    state: [
      { scope: "dag:orders", key: "cursor <1>", value: '{"page":3}', revision: 1, writer },
      { scope: "task:orders/sync", key: "seen", value: '"2026-01-01"', writer },
    ],
  });
  const first = await api("/dags/orders/state?limit=1");
  expect(first.state).toMatchObject([{ key: "cursor <1>" }]);
  const next = encodeURIComponent(String(first.next));
  expect((await api(`/dags/orders/state?limit=1&after=${next}`)).state).toMatchObject([
    { key: "seen" },
  ]);
  expect((await fetch(`${web.url}/api/v1/dags/unknown/state`)).status).toBe(404);
  expect((await fetch(`${web.url}/api/v1/dags/orders/state?after=x`)).status).toBe(400);
});

test("the API lists the steps of an instance in the order in which they began, with their times", async () => {
  expect(await api(`/runs/${run}/tasks/sync/steps`)).toMatchObject({
    steps: [
      {
        ...{ name: "create <draft>", state: "done", tryNumber: 1 },
        ...{ result: expect.stringContaining('"id":7'), startedAt: TIME, finishedAt: TIME },
      },
      { name: "send", state: "done", result: null, bytes: 0 },
      { name: "broken", state: "unfinished", startedAt: TIME, finishedAt: null },
    ],
  });
  expect(await api(`/runs/${run}/tasks/sync/0/steps`)).toEqual({ steps: [] });
  expect((await fetch(`${web.url}/api/v1/runs/999999/tasks/sync/steps`)).status).toBe(404);
});

test("the page of a task shows its steps, folded when they are long, and the state it set", async () => {
  const html = await page(`/runs/${run}/tasks/sync`);
  expect(html).toContain('<th scope="row">create &lt;draft></th>');
  expect(html).toMatch(/<summary class="faint">\d+ bytes<\/summary><div class="value json">/);
  expect(html).toMatch(/>send<.*?<td class="number"><span>[\d.]+ m?s<\/span><\/td>/s);
  expect(html).toMatch(/>broken<.*?<span>did not end<\/span>/s);
  for (const owner of ["the DAG", "the task", "shared:cursors"])
    expect(html).toContain(`<code>${owner}</code>`);
});

test("the page and the API show what a try really ran, and how much of it", async () => {
  const html = await page(`/runs/${run}/tasks/sync`);
  expect(html).toMatch(
    /<details class="xcom" open><summary>sql <.summary><pre [^>]*>select 1 where 1 &lt; \$1</,
  );
  expect(html).toContain("the first 20000 of 30000 characters");
  expect(await api(`/runs/${run}/tasks/sync/rendered`)).toEqual({ rendered: FIELDS });
  expect(await api(`/runs/${run}/tasks/sync/rendered?try=2`)).toEqual({ rendered: [] });
  expect(await api(`/runs/${run}/tasks/sync/0/rendered`)).toEqual({ rendered: [] });
  expect((await fetch(`${web.url}/api/v1/runs/999999/tasks/sync/rendered`)).status).toBe(404);
});

test("a value is deleted on the State tab, once, and the audit of the DAG says so", async () => {
  const html = await page("/dags/orders/state");
  expect(html).toContain(`href="/runs/${run}/tasks/sync?try=1"`);
  const form = /action="(\/dags\/orders\/state\/delete\?[^"]*seen[^"]*)"/.exec(html)?.[1];
  const token = /name="_form" value="([^"]+)"/.exec(html)?.[1] ?? "";
  const address = web.url + form?.replaceAll("&amp;", "&");
  const sent = { method: "POST", redirect: "manual" } as const;
  expect((await fetch(address, { ...sent, body: new URLSearchParams() })).status).toBe(403);
  const body = new URLSearchParams({ _form: token });
  expect((await fetch(address, { ...sent, body })).status).toBe(303);
  expect((await api("/dags/orders/state")).state).toMatchObject([{ key: "cursor <1>" }]);
  expect(await page("/dags/orders/audit")).toContain("deleted state seen");
});

test("only operators of the DAG see and delete state and steps", async () => {
  const as = async (name: string, role: "viewer" | "operator", tag: string) => {
    await actions.addUser(web.db, { name, grants: [{ role, tag }], actor: "test" });
    const limits = { scopes: null, days: null, actor: "test" };
    const token = await actions.createToken(web.db, { user: name, name: "t", ...limits });
    const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
    const remove = { method: "POST", headers, body: JSON.stringify({ key: "cursor <1>" }) };
    const answers = [
      await fetch(`${web.url}/api/v1/dags/orders/state`, { headers }),
      await fetch(`${web.url}/api/v1/runs/${run}/tasks/sync/steps`, { headers }),
      await fetch(`${web.url}/api/v1/runs/${run}/tasks/sync/rendered`, { headers }),
      await fetch(`${web.url}/dags/orders/state`, { headers }),
      await fetch(`${web.url}/api/v1/dags/orders/state/delete`, remove),
    ];
    return answers.map(({ status }) => status);
  };
  expect(await as("viewer", "viewer", "orders")).toEqual([403, 403, 403, 403, 403]);
  expect(await as("foreign", "operator", "others")).toEqual([403, 403, 403, 403, 403]);
  expect(await as("operator", "operator", "orders")).toEqual([200, 200, 200, 200, 200]);
  expect((await api("/dags/orders/state")).state).toEqual([]);
});
