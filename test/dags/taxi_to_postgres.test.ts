/**
 * Two schedules, eighteen months each: through the real scheduler and a real worker, from
 * an archive over HTTP into a real PostgreSQL.
 */
import { gunzipSync } from "node:zlib";
import { parseConnection } from "dagsmith";
import { runDag } from "dagsmith/testing";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import taxiDag from "../../dags/taxi_to_postgres.ts";
import { pauseDag, unpauseDag } from "../../runtime/actions/index.ts";
import { type SandboxTaxi, startSandboxTaxi, TRIPS_PER_MONTH } from "../../runtime/sandbox/taxi.ts";
import { type SchedulerService, startScheduler } from "../../runtime/scheduler/service.ts";
import { loopback } from "../support/loopback.ts";
import { migratedDatabase, rows } from "../support/migrated.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";
import { until } from "../support/until.ts";
import { deploy, type TestWorker, testWorker } from "../support/worker.ts";

const DAG_ID = "taxi_to_postgres";
const MONTHS = 18;

const postgres = migratedDatabase();
let archive: SandboxTaxi;
let warehouse: TestDatabase;
let observer: Client;
let scheduler: SchedulerService;
let worker: TestWorker;

beforeAll(async () => {
  [archive, warehouse] = await Promise.all([startSandboxTaxi(), testDatabase()]);
  observer = new Client({ connectionString: warehouse.url });
  await observer.connect();
  const connections: Readonly<Record<string, string>> = {
    trips: JSON.stringify({ type: "http", host: archive.url }),
    warehouse: warehouse.url,
  };
  const secrets = {
    connection: async (id: string) => parseConnection(id, connections[id]!),
    variable: async () => null,
    mask: (text: string) => text,
    learnParams: () => undefined,
  };
  worker = await testWorker(postgres.db, { secrets });
  await deploy(postgres.db, "dags");
  for (const { dag_id } of await rows<{ dag_id: string }>(
    postgres.db,
    "select dag_id from dagsmith.dag",
  ))
    await pauseDag(postgres.db, { dagId: dag_id, actor: "test" });
  scheduler = startScheduler({ db: postgres.db, log: () => {} });
});
afterAll(async () => {
  await scheduler?.stop();
  await worker?.stop();
  await observer?.end();
  await warehouse?.drop();
  await archive?.close();
});

const runs = () =>
  rows<{ id: number; run_id: string; state: string; started_at: Date; finished_at: Date }>(
    postgres.db,
    "select id, run_id, state, started_at, finished_at from dagsmith.dag_run where dag_id = $1 order by run_after, id",
    [DAG_ID],
  );

async function trips(taxi: string): Promise<Record<string, unknown>> {
  const { rows: found } = await observer.query(
    `select count(*)::int as trips, count(distinct unique_row_id)::int as ids, count(distinct filename)::int as files from public.${taxi}_tripdata`,
  );
  return found[0];
}

const each = { trips: MONTHS * TRIPS_PER_MONTH, ids: MONTHS * TRIPS_PER_MONTH, files: MONTHS };

test("the taxi schedules catch up eighteen months of both colours side by side, each month once, and again without a change", async () => {
  await unpauseDag(postgres.db, { dagId: DAG_ID, actor: "test" });
  const finished = () =>
    until(
      "the end of 36 runs",
      async () => (await runs()).filter(({ state }) => state === "success").length === 2 * MONTHS,
      120,
    );
  await finished();
  const first = await runs();
  expect(first.slice(0, 3).map(({ run_id }) => run_id)).toEqual([
    "scheduled__green__2019-01-01T09:00:00+00:00",
    "scheduled__yellow__2019-01-01T10:00:00+00:00",
    "scheduled__green__2019-02-01T09:00:00+00:00",
  ]);
  expect(
    first.some((run, index) =>
      first.slice(index + 1).some((later) => later.started_at < run.finished_at),
    ),
  ).toBe(true);
  expect([await trips("green"), await trips("yellow")]).toEqual([each, each]);

  await rows(postgres.db, "delete from dagsmith.dag_run where dag_id = $1", [DAG_ID]);
  await rows(postgres.db, "delete from dagsmith.dag_schedule where dag_id = $1", [DAG_ID]);
  await rows(postgres.db, "update dagsmith.dag set next_run_after = now() where dag_id = $1", [
    DAG_ID,
  ]);
  await finished();
  expect([await trips("green"), await trips("yellow")]).toEqual([each, each]);
}, 300_000);

const byHand = (host: string, params: Record<string, string>) =>
  runDag(taxiDag as never, {
    params,
    connections: { trips: { type: "http", host }, warehouse: warehouse.url },
  });

test("a run by hand takes the month it is given, and refuses what is no month", async () => {
  expect((await byHand(archive.url, { taxi: "green", month: "2019-02" })).state).toBe("success");
  await expect(byHand(archive.url, { taxi: "green", month: "2019-13" })).rejects.toThrow(
    "write yyyy-MM",
  );
  await expect(byHand(archive.url, { taxi: "blue" })).rejects.toThrow("taxi");
});

test("a download that breaks off fails the run and loads nothing of it", async () => {
  const whole = Buffer.from(
    await (await fetch(`${archive.url}/green/green_tripdata_2019-03.csv.gz`)).arrayBuffer(),
  );
  expect(gunzipSync(whole).toString()).toContain("lpep_pickup_datetime");
  await using broken = await loopback(
    (_, response) => void response.writeHead(200).end(whole.subarray(0, whole.length - 20)),
  );
  const before = await trips("green");
  const run = await byHand(broken.url, { taxi: "green", month: "2020-12" });
  expect(run.state).toBe("failed");
  expect(run.tasks[0]!.reason).toMatch(/unexpected end of file/);
  expect(await trips("green")).toEqual(before);
});

test("a month that is not there fails with its address", async () => {
  const run = await byHand(archive.url, { taxi: "yellow", month: "2020-07" });
  expect(run.tasks[0]!.reason).toContain("/yellow/yellow_tripdata_2020-07.csv.gz");
});
