/**
 * `dag changes` with a real scheduler: what a deployment asks for, what installing
 * changes, what a write then makes.
 */
import { once } from "node:events";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newProject, type Project } from "../../support/cli.ts";
import { type TestDatabase, testDatabase } from "../../support/postgres.ts";
import { until } from "../../support/until.ts";

const DAGS = `import { dag, postgresChanges } from "dagsmith";
const d = dag("heard", { on: [postgresChanges({ connection: "lake", table: "orders", operations: ["insert"] })] });
d.empty("place");
export default d;
`;

let database: TestDatabase;
let lake: TestDatabase;
let project: Project;
let client: Client;
beforeAll(async () => {
  [database, lake] = await Promise.all([testDatabase(), testDatabase()]);
  client = new Client({ connectionString: lake.url });
  await client.connect();
  await client.query("create table orders (id int primary key)");
  project = await newProject(
    { "dags/heard.ts": DAGS },
    { DATABASE_URL: database.url, DAG_CONN_LAKE: lake.url },
  );
  await project.json(["migrate"]);
}, 120_000);
afterAll(async () => {
  await client.end();
  await project.remove();
  await Promise.all([database.drop(), lake.drop()]);
});

test("a deployment says what is to be installed; once it is, writes make runs; uninstalled, none", async () => {
  expect(await project.json(["deploy"])).toMatchObject({
    warnings: [
      {
        code: "EVENTS_NOT_INSTALLED",
        file: "heard.ts",
        line: 2,
        message: expect.stringContaining("dag changes install heard"),
      },
    ],
  });
  expect(await project.json(["changes", "install", "heard"])).toMatchObject({
    sources: [
      { name: "orders", connection: "lake", table: "public.orders", key: ["id"], isNew: true },
    ],
  });
  expect((await project.dag(["changes", "install", "heard"])).stdout).toContain(
    "exists already; rows are identified by id",
  );
  expect(await project.json(["deploy"])).toMatchObject({ warnings: [] });
  expect((await project.dag(["changes", "list"])).stdout).toMatch(
    /heard\s+orders\s+lake\s+public\.orders\s+\d{4}-.*-/,
  );
  const scheduler = project.start(["scheduler"]);
  await client.query("insert into orders values (1)");
  const runs = () => project.json<{ runs: { state: string; runId: string }[] }>(["runs", "heard"]);
  const [run] = await until("the run", async () => {
    const found = (await runs()).runs;
    return found[0]?.state === "success" && found;
  });
  expect(run).toMatchObject({
    state: "success",
    runId: expect.stringMatching(/^event_triggered__/),
  });
  const ended = once(scheduler, "exit");
  scheduler.kill("SIGTERM");
  expect((await ended)[0]).toBe(0);
  expect((await project.dag(["changes", "uninstall", "heard"])).stdout).toContain("is removed");
  await client.query("insert into orders values (2)");
  expect(
    (await client.query("select from pg_namespace where nspname = 'dagsmith_events'")).rowCount,
  ).toBe(0);
});

test.each([
  [["changes", "install", "none"], "UNKNOWN_DAG"],
  [["changes", "uninstall", "heard"], "NO_EVENT_TABLES"],
])("%j is one clear error", async (args, code) => {
  expect(await project.json(args)).toMatchObject({ error: { code } });
});
