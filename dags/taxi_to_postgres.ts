/**
 * New York's taxi trips, month by month, into one table for each colour: green at 09:00
 * and yellow at 10:00 on day 1 of each month. Eighteen months are caught up, eight runs
 * at a time: each load has a staging table of its own, so none waits for another. A month
 * that is loaded again changes nothing.
 *
 * Connections: `trips`, an HTTP service with files like
 * `green/green_tripdata_2019-01.csv.gz`, and `warehouse`, a PostgreSQL. One month by
 * hand: dag trigger taxi_to_postgres --params '{"taxi": "green", "month": "2019-02"}'
 */
import { createHash } from "node:crypto";
import { asset, cronTrigger, dag } from "dagsmith";
import { httpHook } from "dagsmith/plugins/http";
import {
  type Column,
  type ColumnType,
  loadTable,
  postgresHook,
  readCsv,
  type SourceRows,
} from "dagsmith/plugins/postgres";
import { z } from "zod";

/** Updated by each load; `taxi_dbt` waits for it. */
export const taxiTrips = asset("postgres://warehouse/public/tripdata");

const d = dag("taxi_to_postgres", {
  schedule: {
    green: { schedule: cronTrigger("0 9 1 * *"), params: { taxi: "green" } },
    yellow: { schedule: cronTrigger("0 10 1 * *"), params: { taxi: "yellow" } },
  },
  startDate: "2019-01-01",
  endDate: "2020-06-30",
  catchup: "all",
  maxActiveRuns: 8,
  // Thirty-six runs at the first start would hide what else a newcomer is looking at.
  pausedAtCreation: true,
  params: z.object({
    taxi: z.enum(["yellow", "green"]),
    month: z
      .string()
      .regex(/^\d{4}-(0[1-9]|1[0-2])$/, "write yyyy-MM")
      .optional(),
  }),
  defaults: { retries: 2, retryDelay: "30s" },
});

/** Names as in the files' headers, in lower case. */
const shared = columns({
  text: "vendorid ratecodeid store_and_fwd_flag pulocationid dolocationid",
  integer: "passenger_count payment_type",
  "double precision":
    "trip_distance fare_amount extra mta_tax tip_amount tolls_amount improvement_surcharge total_amount congestion_surcharge",
});
const colours = {
  yellow: [...columns({ timestamp: "tpep_pickup_datetime tpep_dropoff_datetime" }), ...shared],
  green: [
    ...columns({
      timestamp: "lpep_pickup_datetime lpep_dropoff_datetime",
      "double precision": "ehail_fee",
      integer: "trip_type",
    }),
    ...shared,
  ],
} as const;

d.task(
  "load_trips",
  { outlets: [taxiTrips] },
  async ({ params: { taxi, month }, dataInterval, hook, log }) => {
    // A run is for the month of its own tick, and a run by hand for the month it is asked
    // in.
    const file = `${taxi}_tripdata_${month ?? dataInterval.end.toFormat("yyyy-MM")}.csv`;
    const trips = await hook(httpHook("trips"));
    const csv = await trips.download(`${taxi}/${file}.gz`, { gunzip: true });
    const target = {
      schema: "public",
      table: `${taxi}_tripdata`,
      loadType: "upsert",
      primaryKey: "unique_row_id",
      columns: [...columns({ text: "unique_row_id filename" }), ...colours[taxi]],
    } as const;
    const required = colours[taxi].map(({ name }) => name);
    return loadTable(
      await hook(postgresHook("warehouse")),
      target,
      identified(readCsv(csv, {}, required), taxi, file),
      log,
    );
  },
);

export default d;

function columns(byType: Partial<Record<ColumnType, string>>): readonly Column[] {
  return Object.entries(byType).flatMap(([type, names = ""]) =>
    names.split(" ").map((name) => ({ name, type: type as ColumnType })),
  );
}

/**
 * The files give their trips no id: what makes a trip the same one is its vendor, when
 * and where it went, and what it cost.
 */
async function* identified(
  rows: SourceRows,
  taxi: keyof typeof colours,
  filename: string,
): SourceRows {
  const start = taxi === "yellow" ? "tpep" : "lpep";
  const identity = [
    "vendorid",
    `${start}_pickup_datetime`,
    `${start}_dropoff_datetime`,
    "pulocationid",
    "dolocationid",
    "fare_amount",
    "trip_distance",
  ];
  for await (const batch of rows) {
    yield batch.map(({ line, values }) => {
      // A separator, so that 1 and 12 are not taken for 11 and 2.
      const text = identity.map((name) => values[name] ?? "").join("|");
      return {
        line,
        values: {
          ...values,
          filename,
          unique_row_id: createHash("md5").update(text).digest("hex"),
        },
      };
    });
  }
}
