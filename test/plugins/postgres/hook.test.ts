/** The PostgreSQL hook and operator on a real database. */

import { sql, type TaskBody } from "dagsmith";
import { type Postgres, postgresHook, postgresSql } from "dagsmith/plugins/postgres";
import { runTask } from "dagsmith/testing";
import { Client } from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../../support/postgres.ts";
import { until } from "../../support/until.ts";

let database: TestDatabase;
let observer: Client;

beforeEach(async () => {
  database = await testDatabase();
  observer = new Client({ connectionString: database.url });
  await observer.connect();
});
afterEach(async () => {
  await observer.end();
  await database.drop();
});

async function withPostgres<Output>(
  work: (lake: Postgres) => Promise<Output>,
  signal?: AbortSignal,
): Promise<Output> {
  let output: Output | undefined;
  const body: TaskBody<null> = async ({ hook }) => {
    output = await work(await hook(postgresHook("lake")));
    return null;
  };
  await runTask(body, { connections: { lake: database.url }, ...(signal && { signal }) });
  return output as Output;
}

const sessions = async (): Promise<number> =>
  (
    await observer.query(
      "select 1 from pg_stat_activity where application_name = 'dagsmith' and datname = current_database()",
    )
  ).rows.length;
const running = async (): Promise<number> =>
  (
    await observer.query(`select 1 from pg_stat_activity
    where datname = current_database() and application_name = 'dagsmith' and state = 'active' and query like '%pg_sleep%'`)
  ).rows.length;

test("values are bound, and come back as JSON has them, with all their digits", async () => {
  const rows = await withPostgres((lake) =>
    lake.query(sql`select ${"a'; drop table x --"} as text, ${9007199254740993n}::bigint as big, ${[1, 2]}::int[] as list, ${null}::int as nothing,
      timestamptz '2018-01-05 04:00:00.123456+00' as moment, date '2018-01-05' as day, timestamp '2018-01-05 04:00' as wall, ${true}::bool as yes`),
  );
  expect(rows).toEqual([
    {
      ...{
        text: "a'; drop table x --",
        big: "9007199254740993",
        list: [1, 2],
        nothing: null,
        yes: true,
      },
      ...{
        moment: "2018-01-05T04:00:00.123456+00:00",
        day: "2018-01-05",
        wall: "2018-01-05T04:00:00",
      },
    },
  ]);
});

test("a transaction commits as a whole or not at all", async () => {
  await withPostgres(async (lake) => {
    await lake.execute(sql`create table t (n int primary key)`);
    const failing = lake.transaction(async (session) => {
      await session.execute(sql`insert into t values (1)`);
      await session.execute(sql`insert into t values (1)`);
    });
    await expect(failing).rejects.toThrow("duplicate key");
    expect(await lake.query(sql`select * from t`)).toEqual([]);
    await lake.transaction((session) => session.execute(sql`insert into t values (2)`));
    expect(await lake.query(sql`select * from t`)).toEqual([{ n: 2 }]);
  });
});

test("COPY streams in and out, and a source that throws leaves nothing", async () => {
  await withPostgres(async (lake) => {
    await lake.execute(sql`create table t (n int, s text)`);
    async function* rows(fail: boolean): AsyncGenerator<string> {
      for (let n = 0; n < 20_000; n++) yield `${n}\tx${n}\n`;
      if (fail) throw new Error("the source broke");
    }
    await expect(lake.copyFrom(sql`t`, ["n", "s"], rows(true))).rejects.toThrow("the source broke");
    expect(await lake.query(sql`select count(*) from t`)).toEqual([{ count: "0" }]);
    expect(await lake.copyFrom(sql`t`, ["n", "s"], rows(false))).toEqual({ rowCount: 20_000 });
    let text = "";
    for await (const chunk of await lake.copyTo(sql`select * from t order by n limit 2`, "csv"))
      text += chunk;
    expect(text).toBe("n,s\n0,x0\n1,x1\n");
    await expect((await lake.copyTo(sql`select 1/0`)).toArray()).rejects.toThrow(
      "division by zero",
    );
    await expect(lake.copyTo(sql`select ${1}`)).rejects.toThrow("COPY cannot bind values");
  });
});

test("an abort cancels the statement on the server, and the try's end closes the connections", async () => {
  const controller = new AbortController();
  const task = withPostgres((lake) => lake.query(sql`select pg_sleep(600)`), controller.signal);
  const failed = expect(task).rejects.toThrow("cancelled by hand");
  await until("the query to run", async () => (await running()) === 1);
  controller.abort(new Error("cancelled by hand"));
  await failed;
  await until("the query to end", async () => (await running()) === 0);
  await until("the sessions to end", async () => (await sessions()) === 0);
});

test("an abort in a transaction rolls it back", async () => {
  await observer.query("create table t (n int)");
  const controller = new AbortController();
  const task = withPostgres(
    (lake) =>
      lake.transaction(async (session) => {
        await session.execute(sql`insert into t values (1)`);
        await session.execute(sql`select pg_sleep(600)`);
      }),
    controller.signal,
  );
  const failed = expect(task).rejects.toThrow("cancelled");
  await until("the query to run", async () => (await running()) === 1);
  controller.abort(new Error("cancelled"));
  await failed;
  await until("the sessions to end", async () => (await sessions()) === 0);
  expect((await observer.query("select * from t")).rows).toEqual([]);
});

test("an abort ends a COPY whose source is silent", async () => {
  await observer.query("create table t (n int)");
  const controller = new AbortController();
  async function* silent(): AsyncGenerator<string> {
    yield "1\n";
    controller.abort(new Error("cancelled"));
    await new Promise(() => {});
  }
  await expect(
    withPostgres((lake) => lake.copyFrom(sql`t`, ["n"], silent()), controller.signal),
  ).rejects.toThrow("cancelled");
  await until("the sessions to end", async () => (await sessions()) === 0);
  expect((await observer.query("select * from t")).rows).toEqual([]);
});

test("a connection that the server ends fails the statement, not the process; the next one connects anew", async () => {
  await withPostgres(async (lake) => {
    const sleep = lake.query(sql`select pg_sleep(600)`);
    const failed = expect(sleep).rejects.toThrow("terminating connection");
    await until("the query to run", async () => (await running()) === 1);
    await observer.query(`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name = 'dagsmith'`);
    await failed;
    expect(await lake.query(sql`select 1 as n`)).toEqual([{ n: 1 }]);
  });
});

test("postgresSql runs a statement, or a list in one transaction, and adds up the rows", async () => {
  await observer.query("create table t (n int primary key)");
  const run = async (...statements: Parameters<typeof postgresSql>[0]["sql"][]) =>
    (
      await runTask(postgresSql({ postgres: "lake", sql: statements[0]! }), {
        connections: { lake: database.url },
      })
    ).output;
  expect(await run(sql`insert into t select generate_series(1, 3)`)).toEqual({ rowCount: 3 });
  expect(
    await run(({ logicalDate }) => [
      sql`delete from t where n = 1`,
      sql`insert into t values (${logicalDate.year})`,
    ]),
  ).toEqual({
    rowCount: 2,
  });
  await expect(run([sql`delete from t`, sql`select 1/0`])).rejects.toThrow("division by zero");
  expect((await observer.query("select n from t order by n")).rows).toEqual([
    { n: 2 },
    { n: 3 },
    { n: 2026 },
  ]);
});

test("postgresSql reports its statements with their values", async () => {
  const { rendered } = await runTask(
    postgresSql({ postgres: "lake", sql: ({ mapIndex }) => sql`select ${mapIndex}::int` }),
    { connections: { lake: database.url } },
  );
  expect(rendered).toEqual({ sql: "select $1::int", "sql values": [-1] });
});

test("a wrong password fails without showing it", async () => {
  const url = new URL(database.url);
  url.password = "n0t-the-passw0rd";
  const error = await runTask(postgresSql({ postgres: "lake", sql: sql`select 1` }), {
    connections: { lake: url.href },
  }).catch((error) => error);
  if (error instanceof Error)
    expect(`${error.message} ${error.stack}`).not.toContain("n0t-the-passw0rd");
});
