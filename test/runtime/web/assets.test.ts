/** Assets on the page and in the API. */
import { afterAll, beforeAll, expect, test } from "vitest";
import * as actions from "../../../runtime/actions/index.ts";
import { deployVersions } from "../../../runtime/store/dags/deploy.ts";
import { versionOf } from "../../support/migrated.ts";
import { dagSpec, taskSpec } from "../../support/rows.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

let web: TestWeb;
beforeAll(async () => {
  web = await testWeb({ mask: (text) => text.replaceAll("s3cret", "***"), actions });
  const specs = [
    dagSpec("writer", { tasks: [taskSpec("write", { outlets: [{ asset: "s3://lake/a" }] })] }),
    dagSpec("reader", { assets: { all: [{ asset: "s3://lake/a" }, { asset: "s3://lake/<b>" }] } }),
  ];
  await web.db.transaction((tx) =>
    deployVersions(
      tx,
      specs.map((spec) => versionOf(spec)),
    ),
  );
});
afterAll(() => web.close());

const post = (body: unknown): Promise<Response> =>
  fetch(`${web.url}/api/v1/assets/events`, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "Content-Type": "application/json" },
  });

test("an update by API waits for the DAG, is audited, and is shown, masked", async () => {
  const answer = await post({ uri: "s3://lake/a", extra: { key: "s3cret" } });
  expect([answer.status, await answer.json()]).toEqual([201, { id: expect.any(Number) }]);
  const events = await (await fetch(`${web.url}/api/v1/assets/events?uri=s3://lake/a`)).json();
  expect(events).toMatchObject({
    events: [
      { extra: { key: "***" }, actor: expect.stringMatching(/^tester from /), source: null },
    ],
    next: null,
  });
  const assets = (await (await fetch(`${web.url}/api/v1/assets`)).json()) as { assets: unknown };
  expect(
    (assets.assets as { uri: string }[]).toSorted((x, y) => (x.uri < y.uri ? -1 : 1)),
  ).toMatchObject([
    { uri: "s3://lake/<b>", producers: [], lastEventAt: null },
    {
      uri: "s3://lake/a",
      consumers: [{ dagId: "reader", isUpdated: true }],
      producers: [{ dagId: "writer" }],
    },
  ]);
  expect(await web.rows.sql("select action from dagsmith.audit order by id")).toEqual([
    { action: "log in" },
    { action: "update asset" },
  ]);
  const page = await (await fetch(`${web.url}/data`)).text();
  expect(page).toContain("updated since its last run");
  expect(page).toContain("no task; it may be updated by API");
  expect(page).toContain("s3://lake/&lt;b>");
  const detail = await (
    await fetch(`${web.url}/data/events?uri=${encodeURIComponent("s3://lake/a")}`)
  ).text();
  expect(detail).toContain("***");
  expect(detail).not.toContain("s3cret");
  expect(await (await fetch(`${web.url}/dags/reader`)).text()).toContain(
    "after s3://lake/a and s3://lake/&lt;b>",
  );
});

test.each([
  [{ uri: "s3://lake/none" }, 404, "UNKNOWN_ASSET"],
  [{ uri: "with a space" }, 400, "INVALID_ARGUMENT"],
  [{}, 400, "INVALID_ARGUMENT"],
  [{ uri: "s3://lake/a", extra: [1] }, 400, "INVALID_ARGUMENT"],
  [{ uri: "s3://lake/a", extra: { text: "x".repeat(70_000) } }, 422, "OUTPUT_TOO_LARGE"],
])("%j is refused by its code", async (body, status, code) => {
  const answer = await post(body);
  expect([answer.status, await answer.json()]).toMatchObject([status, { error: { code } }]);
});

test("an asset that nobody names has no page", async () => {
  expect((await fetch(`${web.url}/data/events?uri=s3://lake/none`)).status).toBe(404);
  expect((await fetch(`${web.url}/data/events`)).status).toBe(400);
});

test("a run says what made it, and a DAG which of its tables nobody hears", async () => {
  await post({ uri: "s3://lake/<b>" });
  const [run] = await web.rows.sql("select id from dagsmith.dag_run where dag_id = 'reader'");
  const page = await (await fetch(`${web.url}/runs/${run!.id}`)).text();
  expect(page).toContain("Created by");
  expect(page).toContain("2 updates of ");
  const answer = await (await fetch(`${web.url}/api/v1/runs/${run!.id}`)).json();
  expect(answer).toMatchObject({
    trigger: {
      type: "assets",
      count: 2,
      events: [{ extra: { key: "***" } }, { uri: "s3://lake/<b>" }],
    },
  });
  const on = {
    type: "postgresChanges",
    name: "orders",
    connection: "lake",
    schema: "public",
    table: "orders",
    operations: ["insert"],
    batch: 1,
  } as const;
  await web.rows.dag(dagSpec("listener", { on: [on] }));
  const listener = async () => (await fetch(`${web.url}/dags/listener`)).text();
  expect(await listener()).toContain(
    "not delivered until its trigger is installed: dag changes install listener",
  );
  expect(await listener()).toContain("on insert of public.orders (lake)");
  await web.rows.sql(
    "insert into dagsmith.change_subscription (dag_id, name, connection, schema_name, table_name, installed_at, error) values ('listener', 'orders', 'lake', 'public', 'orders', now(), 'it is away')",
  );
  expect(await listener()).toContain("it is away");
});
