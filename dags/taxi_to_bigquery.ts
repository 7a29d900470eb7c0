/**
 * New York's taxi trips, month by month, through a bucket into one BigQuery table for each
 * colour: green at 09:00 and yellow at 10:00 on day 1 of each month. A month has tables of
 * its own, so months run at the same time, and a month that is loaded again changes
 * nothing. A backfill takes months of the past:
 * dag backfill taxi_to_bigquery --schedule green --from 2019-01-01 --to 2019-12-31
 *
 * Connections: `trips`, an HTTP service with files like
 * `green/green_tripdata_2019-01.csv.gz`, and `google`. Run `gcp_setup` first; its
 * variables name the bucket and the dataset.
 */
import { cronTrigger, dag, identifier, joinSql, type Sql, sql } from "dagsmith";
import { bigqueryHook, bigqueryLoad, bigquerySql } from "dagsmith/plugins/bigquery";
import { gcsHook } from "dagsmith/plugins/gcs";
import { httpHook } from "dagsmith/plugins/http";
import { z } from "zod";
import { bucketOf, datasetOf, google } from "./gcp_setup.ts";

const d = dag("taxi_to_bigquery", {
  schedule: {
    green: { schedule: cronTrigger("0 9 1 * *"), params: { taxi: "green" } },
    yellow: { schedule: cronTrigger("0 10 1 * *"), params: { taxi: "yellow" } },
  },
  startDate: "2019-01-01",
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

const upload = d.task("upload", async (context) => {
  const { params, dataInterval, hook, run } = context;
  // A run is for the month of its own tick, and a run by hand for the month it is asked in.
  const month = params.month ?? dataInterval.end.toFormat("yyyy-MM");
  const file = `${params.taxi}_tripdata_${month}.csv`;
  await run.label("taxi", params.taxi);
  await run.label("file", file);
  const trips = await hook(httpHook("trips"));
  const csv = await trips.download(`${params.taxi}/${file}.gz`, { gunzip: true });
  const bucket = await bucketOf(context);
  await (await hook(gcsHook(google))).objects.put({ bucket, key: file }, csv, {
    contentType: "text/csv",
  });
  const main = `${await datasetOf(context)}.${params.taxi}_tripdata`;
  return {
    url: `gs://${bucket}/${file}`,
    file,
    main,
    monthly: `${main}_${month.replace("-", "_")}`,
  };
});

/** Names as in the files' headers, in lower case. */
const shared = columns({
  STRING: "vendorid ratecodeid store_and_fwd_flag pulocationid dolocationid",
  INT64: "passenger_count payment_type",
  NUMERIC:
    "trip_distance fare_amount extra mta_tax tip_amount tolls_amount improvement_surcharge total_amount congestion_surcharge",
});
const inFile = {
  yellow:
    "vendorid tpep_pickup_datetime tpep_dropoff_datetime passenger_count trip_distance ratecodeid store_and_fwd_flag pulocationid dolocationid payment_type fare_amount extra mta_tax tip_amount tolls_amount improvement_surcharge total_amount congestion_surcharge",
  green:
    "vendorid lpep_pickup_datetime lpep_dropoff_datetime store_and_fwd_flag ratecodeid pulocationid dolocationid passenger_count trip_distance fare_amount extra mta_tax tip_amount tolls_amount ehail_fee improvement_surcharge total_amount payment_type trip_type congestion_surcharge",
};

d.switch(
  "by_colour",
  { inputs: { upload }, cases: { green: loading("green"), yellow: loading("yellow") } },
  ({ params }) => params.taxi,
);

export default d;

function loading(taxi: keyof typeof inFile) {
  const start = taxi === "yellow" ? "tpep" : "lpep";
  const types = new Map(
    [
      ...shared,
      ...columns({
        TIMESTAMP: `${start}_pickup_datetime ${start}_dropoff_datetime`,
        NUMERIC: "ehail_fee",
        INT64: "trip_type",
      }),
    ].map((column) => [column.name, column]),
  );
  const staged = inFile[taxi].split(" ").flatMap((name) => types.get(name) ?? []);
  const stored = [...columns({ STRING: "unique_row_id filename" }), ...staged];
  const { result } = d.group(taxi, (g) => {
    const stage = g.task(
      "stage",
      { inputs: { upload } },
      bigqueryLoad({
        bigquery: google,
        from: ({ inputs }) => inputs.upload.url,
        table: ({ inputs }) => `${inputs.upload.monthly}_ext`,
        columns: staged,
        loadType: "rebuild",
      }),
    );
    const identify = g.task(
      "identify",
      { inputs: { upload } },
      bigquerySql({
        bigquery: google,
        sql: ({ inputs: { upload } }) => identified(upload, start),
      }),
    );
    const main = g.task("main_table", { inputs: { upload } }, async ({ inputs, hook }) => {
      const bigquery = await hook(bigqueryHook(google));
      const layout = { partitionBy: `${start}_pickup_datetime` };
      await bigquery.createTable(inputs.upload.main, stored, layout);
    });
    const merge = g.task(
      "merge",
      { inputs: { upload } },
      bigquerySql({
        bigquery: google,
        sql: ({ inputs: { upload } }) =>
          merged(
            upload,
            stored.map(({ name }) => name),
          ),
      }),
    );
    stage.before(identify);
    merge.after(identify, main);
    return { stage, main };
  });
  return [result.stage, result.main];
}

interface Upload {
  readonly file: string;
  readonly main: string;
  readonly monthly: string;
}

/**
 * The files give their trips no id: what makes a trip the same one is its vendor, when and
 * where it went, and what it cost. A separator keeps 1 and 12 apart from 11 and 2.
 */
function identified({ file, monthly }: Upload, start: "tpep" | "lpep"): Sql {
  const identity = [
    ...["vendorid", `${start}_pickup_datetime`, `${start}_dropoff_datetime`],
    ...["pulocationid", "dolocationid", "fare_amount", "trip_distance"],
  ].map((name) => sql`ifnull(cast(${identifier(name)} as string), '')`);
  return sql`create or replace table ${table(monthly)} as
    select distinct to_hex(md5(concat(${joinSql(identity, ", '|', ")}))) as unique_row_id,
      ${file} as filename, staged.* from ${table(`${monthly}_ext`)} as staged`;
}

function merged({ main, monthly }: Upload, names: readonly string[]): readonly Sql[] {
  const [listed, values] = [
    names.map((name) => identifier(name)),
    names.map((name) => sql`month.${identifier(name)}`),
  ];
  const changes = names.map((name) => sql`${identifier(name)} = month.${identifier(name)}`);
  return [
    sql`merge into ${table(main)} as trips using ${table(monthly)} as month
      on trips.unique_row_id = month.unique_row_id
      when matched then update set ${joinSql(changes, ", ")}
      when not matched then insert (${joinSql(listed, ", ")}) values (${joinSql(values, ", ")})`,
    sql`drop table ${table(`${monthly}_ext`)}`,
  ];
}

function table(name: string): Sql {
  return identifier(...name.split("."));
}

function columns(byType: Readonly<Record<string, string>>) {
  return Object.entries(byType).flatMap(([type, names]) =>
    names.split(" ").map((name) => ({ name, type })),
  );
}
