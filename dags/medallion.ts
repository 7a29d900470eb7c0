/**
 * Raw -> cleansed -> reporting: each reading that is written into the raw database is
 * checked and copied on, and each cleansed one becomes part of the reporting. Started by
 * the writes themselves: `dag changes install raw_to_cleansed`, `dag changes install
 * cleansed_to_reporting`.
 *
 * Every step may run twice for one reading without harm: a key that is there already is
 * left as it is.
 */
import { dag, postgresChanges, SkipTask, sql } from "dagsmith";
import { postgresHook } from "dagsmith/plugins/postgres";

interface Reading {
  readonly id: string;
  readonly timestamp: string;
  readonly location_name: string;
  readonly location_latitude: number;
  readonly location_longitude: number;
  readonly sensor: string;
  readonly precipitation: number;
}

const options = {
  maxActiveRuns: 4,
  tags: ["medallion"],
  defaults: { retries: 3, retryDelay: "2s" },
} as const;

const rawWrites = postgresChanges({
  connection: "raw",
  table: "precipitation",
  operations: ["insert"],
  name: "raw_writes",
});
const rawToCleansed = dag("raw_to_cleansed", {
  ...options,
  on: [rawWrites],
  description: "Copies readings that can be true",
});

const reading = rawToCleansed.task("read", async ({ triggeredBy, hook }) => {
  const id = triggeredBy(rawWrites)[0]?.newKey?.id;
  if (id === undefined) throw new SkipTask("no reading made this run");
  const [row] = await (await hook(postgresHook("raw"))).query<Reading>(sql`
    select id::text, "timestamp", location_name, location_latitude, location_longitude, sensor, precipitation::float8
    from precipitation where id = ${id}`);
  if (!row) throw new SkipTask(`reading ${id} is gone`);
  return row;
});

rawToCleansed.task(
  "cleanse",
  { inputs: { reading } },
  async ({ inputs: { reading: row }, hook, log }) => {
    const wrong = problemOf(row);
    if (wrong) throw new SkipTask(wrong);
    await (await hook(postgresHook("cleansed"))).execute(sql`
    insert into precipitation (id, "timestamp", location_name, location_latitude, location_longitude, sensor, precipitation)
    values (${row.id}, ${row.timestamp}, ${row.location_name}, ${row.location_latitude}, ${row.location_longitude}, ${row.sensor}, ${row.precipitation})
    on conflict (id) do nothing`);
    log.info("valid data <3");
  },
);

/** Why a reading cannot be true; null when it can. */
function problemOf({
  precipitation,
  location_latitude: latitude,
  location_longitude: longitude,
}: Reading): string | null {
  if (precipitation < 0) return `a precipitation of ${precipitation} is less than none`;
  if (Math.abs(latitude) > 90) return `there is no latitude ${latitude}`;
  if (Math.abs(longitude) > 180) return `there is no longitude ${longitude}`;
  return null;
}

const cleansedWrites = postgresChanges({
  connection: "cleansed",
  table: "precipitation",
  operations: ["insert"],
  name: "cleansed_writes",
});
const cleansedToReporting = dag("cleansed_to_reporting", {
  ...options,
  on: [cleansedWrites],
  description: "Reports readings by sensor",
});

cleansedToReporting.task("report", async ({ triggeredBy, hook, log }) => {
  const id = triggeredBy(cleansedWrites)[0]?.newKey?.id;
  if (id === undefined) throw new SkipTask("no reading made this run");
  const [row] = await (await hook(postgresHook("cleansed"))).query<Reading>(
    sql`select *, id::text from precipitation where id = ${id}`,
  );
  if (!row) throw new SkipTask(`reading ${id} is gone`);
  await (await hook(postgresHook("reporting"))).transaction(async (reporting) => {
    // A sensor reports more than once; only its first reading finds it unknown.
    await reporting.execute(sql`insert into sensor (sensor, location, latitude, longitude)
      values (${row.sensor}, ${row.location_name}, ${row.location_latitude}, ${row.location_longitude})
      on conflict (sensor) do nothing`);
    await reporting.execute(sql`insert into precipitation (sensor, "timestamp", value) values (${row.sensor}, ${row.timestamp}, ${row.precipitation})
      on conflict (sensor, "timestamp") do update set value = excluded.value`);
  });
  log.info("created reporting data");
});

export default [rawToCleansed, cleansedToReporting];
