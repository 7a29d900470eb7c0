/**
 * The Redshift hook and operator against a Data API endpoint with a real database behind
 * it.
 */
import { sql, type TaskBody } from "dagsmith";
import { type Redshift, redshiftHook, redshiftSql } from "dagsmith/plugins/aws";
import { runTask } from "dagsmith/testing";
import { Client } from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../../support/postgres.ts";
import { type RedshiftDataApi, startRedshiftDataApi } from "../../support/redshift_data_api.ts";
import { until } from "../../support/until.ts";

let database: TestDatabase;
let api: RedshiftDataApi;

beforeEach(async () => {
  database = await testDatabase();
  api = await startRedshiftDataApi(database.url, "http://127.0.0.1:1");
});
afterEach(async () => {
  await api.close();
  await database.drop();
});

const connection = () => ({
  type: "redshift",
  host: "lake.abc123.eu-west-1.redshift.amazonaws.com",
  login: "etl",
  schema: "dev",
  extra: { endpoint_url: api.url, aws_access_key_id: "AKIA", aws_secret_access_key: "s3cret" },
});

async function withRedshift<Output>(
  work: (warehouse: Redshift) => Promise<Output>,
  signal?: AbortSignal,
): Promise<Output> {
  let output: Output | undefined;
  const body: TaskBody<null> = async ({ hook }) => {
    output = await work(await hook(redshiftHook("warehouse")));
    return null;
  };
  await runTask(body, { connections: { warehouse: connection() }, ...(signal && { signal }) });
  return output as Output;
}

test("rows come from all pages, by column name", async () => {
  const rows = await withRedshift((warehouse) =>
    warehouse.query(
      sql`select n, n::text as t, null as nothing, n > 1 as yes from generate_series(1, 250) n`,
    ),
  );
  expect(rows).toHaveLength(250);
  expect(rows[249]).toEqual({ n: 250, t: "250", nothing: null, yes: true });
  expect(api.requests.filter(({ operation }) => operation === "GetStatementResult")).toHaveLength(
    3,
  );
  expect(api.requests[0]?.input).toMatchObject({
    ClusterIdentifier: "lake",
    Database: "dev",
    DbUser: "etl",
  });
});

test("values are bound, and hostile ones stay values", async () => {
  const rows = await withRedshift((warehouse) =>
    warehouse.query(
      sql`select ${"x'; drop table t --"} as text, ${""} as empty, ${null} as nothing, 2 -${-3} as n, ${"10:30"}::time::text as time`,
    ),
  );
  expect(rows).toEqual([
    { text: "x'; drop table t --", empty: "", nothing: null, n: 5, time: "10:30:00" },
  ]);
});

test("a batch is one transaction, tells the rows of each statement, and says which one failed", async () => {
  await withRedshift(async (warehouse) => {
    await warehouse.execute(sql`create table t (n int)`);
    expect(
      await warehouse.batch([
        sql`insert into t select generate_series(1, 3)`,
        sql`delete from t where n > ${1}`,
      ]),
    ).toEqual([{ rowCount: 3 }, { rowCount: 2 }]);
    await expect(warehouse.batch([sql`delete from t`, sql`select 1/0`])).rejects.toThrow(
      "Redshift: statement 2 of 2 failed: ERROR: division by zero",
    );
    expect(await warehouse.query(sql`select n from t`)).toEqual([{ n: 1 }]);
    expect(await warehouse.batch([])).toEqual([]);
    await expect(warehouse.batch(Array.from({ length: 41 }, () => sql`select 1`))).rejects.toThrow(
      "Redshift takes 40 statements",
    );
  });
});

test("an abort cancels the statement on the server", async () => {
  const observer = new Client({ connectionString: database.url });
  await observer.connect();
  const running = async () =>
    (
      await observer.query(
        "select 1 from pg_stat_activity where datname = current_database() and application_name = 'redshift'",
      )
    ).rows.length;
  const controller = new AbortController();
  const failed = expect(
    withRedshift((warehouse) => warehouse.execute(sql`select pg_sleep(600)`), controller.signal),
  ).rejects.toThrow("cancelled");
  await until("the query to run", async () => (await running()) > 0);
  controller.abort(new Error("cancelled"));
  await failed;
  expect(api.requests.at(-1)?.operation).toBe("CancelStatement");
  await until("the query to end", async () => (await running()) === 0);
  await observer.end();
});

test("redshiftSql runs one statement or a transaction, here and on a postgres connection", async () => {
  await withRedshift((warehouse) => warehouse.execute(sql`create table t (day timestamp)`));
  const body = redshiftSql({
    redshift: "warehouse",
    sql: ({ logicalDate }) => [
      sql`delete from t`,
      sql`insert into t values (${logicalDate.minus({ hours: 4 })}), (${null})`,
    ],
  });
  for (const warehouse of [connection(), database.url]) {
    const { output, rendered } = await runTask(body, {
      connections: { warehouse },
      logicalDate: "2018-01-05",
    });
    expect(output.rowCount).toBeGreaterThanOrEqual(2);
    expect(rendered.sql).toBe("delete from t;\ninsert into t values ($1), ($2)");
    const rows = await withRedshift((redshift) =>
      redshift.query(sql`select day::text as day from t where day is not null`),
    );
    expect(rows).toEqual([{ day: "2018-01-04 20:00:00" }]);
  }
});

test("a refused request fails for good and names its kind", async () => {
  const noCluster = { ...connection(), host: null };
  const run = (warehouse: ReturnType<typeof connection> | typeof noCluster) =>
    runTask(redshiftSql({ redshift: "warehouse", sql: sql`select 1` }), {
      connections: { warehouse },
    });
  await expect(run(noCluster)).rejects.toThrow(
    "host names no cluster, and extra has neither cluster_identifier nor workgroup_name",
  );
  const lists = withRedshift((warehouse) => warehouse.execute(sql`select ${[1]}`));
  await expect(lists).rejects.toMatchObject({ name: "FailTask" });
});
