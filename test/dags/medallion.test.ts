/**
 * Raw to cleansed to reporting on three real databases, started by nothing but the writes
 * themselves.
 */
import { parseConnection } from "dagsmith";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { installEvents } from "../../runtime/actions/index.ts";
import { type ListenerService, startListener } from "../../runtime/listener/service.ts";
import { READERS } from "../support/line_queue.ts";
import { migratedDatabase, rows } from "../support/migrated.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";
import { until } from "../support/until.ts";
import { deploy, type TestWorker, testWorker } from "../support/worker.ts";

const READINGS = `create table precipitation (id serial primary key, "timestamp" timestamptz, location_name text, location_latitude float8,
  location_longitude float8, sensor text, precipitation float8)`;
const REPORTS = `create table sensor (sensor text primary key, location text, latitude float8, longitude float8);
create table precipitation (sensor text references sensor, "timestamp" timestamptz, value float8, unique (sensor, "timestamp"))`;

const postgres = migratedDatabase(16);
const databases: TestDatabase[] = [];
const clients: Record<string, Client> = {};
const urls: Record<string, string> = {};
let listener: ListenerService;
let worker: TestWorker;

beforeAll(async () => {
  for (const [name, tables] of Object.entries({
    raw: READINGS,
    cleansed: READINGS,
    reporting: REPORTS,
  })) {
    const database = await testDatabase();
    databases.push(database);
    urls[name] = database.url;
    clients[name] = new Client({ connectionString: database.url });
    await clients[name].connect();
    await clients[name].query(tables);
  }
  const connection = async (id: string) => parseConnection(id, urls[id]!);
  const secrets = {
    ...{ connection, variable: async () => null },
    ...{ mask: (text: string) => text, learnParams: () => undefined },
  };
  worker = await testWorker(postgres.db, { secrets });
  await deploy(postgres.db, "dags");
  for (const dagId of ["raw_to_cleansed", "cleansed_to_reporting"])
    await installEvents(postgres.db, { dagId, actor: "test", connection });
  listener = startListener({
    db: postgres.db,
    connection,
    mask: (text) => text,
    log: () => undefined,
    readers: READERS,
  });
});
afterAll(async () => {
  await listener?.stop();
  await worker?.stop();
  for (const client of Object.values(clients)) await client.end();
  for (const database of databases) await database.drop();
});

const write = (
  sensor: string,
  at: string,
  precipitation: number,
  latitude = 53.4308435,
  longitude = -2.9633923,
) =>
  clients.raw!.query(
    `insert into precipitation ("timestamp", location_name, location_latitude, location_longitude, sensor, precipitation)
     values ($1, 'Anfield', $2, $3, $4, $5)`,
    [at, latitude, longitude, sensor, precipitation],
  );
const ended = (count: number) =>
  until(`the end of ${count} runs`, async () => {
    const found = await rows<{ dag_id: string; state: string }>(
      postgres.db,
      "select dag_id, state from dagsmith.dag_run where state in ('success', 'failed')",
    );
    return found.length >= count && found;
  });

test("both readings of each sensor reach the reporting, what cannot be true stays behind, and each write makes one run", async () => {
  await write("pitchside-1", "2026-01-01T10:00:00Z", 9);
  await write("pitchside-1", "2026-01-01T11:00:00Z", 4.5);
  await write("stand-2", "2026-01-01T10:00:00Z", 0);
  await write("stand-2", "2026-01-01T11:00:00Z", 1);
  await write("broken", "2026-01-01T10:00:00Z", -1);
  await write("lost", "2026-01-01T10:00:00Z", 1, 91);
  await write("lost", "2026-01-01T10:00:00Z", 1, 0, -181);
  const runs = await ended(7 + 4);
  expect(Object.groupBy(runs, ({ dag_id }) => dag_id)).toMatchObject({
    raw_to_cleansed: Array(7).fill({ state: "success" }),
    cleansed_to_reporting: Array(4).fill({ state: "success" }),
  });
  const reported = await clients.reporting!.query(
    `select sensor, to_char("timestamp" at time zone 'UTC', 'HH24') as hour, value from precipitation order by 1, 2`,
  );
  expect(reported.rows).toEqual([
    { sensor: "pitchside-1", hour: "10", value: 9 },
    { sensor: "pitchside-1", hour: "11", value: 4.5 },
    { sensor: "stand-2", hour: "10", value: 0 },
    { sensor: "stand-2", hour: "11", value: 1 },
  ]);
  const sensors = await clients.reporting!.query("select * from sensor order by sensor limit 1");
  expect(sensors.rows).toEqual([
    { sensor: "pitchside-1", location: "Anfield", latitude: 53.4308435, longitude: -2.9633923 },
  ]);
});
