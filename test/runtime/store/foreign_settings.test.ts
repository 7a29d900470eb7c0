/**
 * Servers as people have them: no setting of theirs changes what is read or written; one
 * that cannot serve is refused in one line.
 */
import { Client } from "pg";
import { afterEach, describe, expect, inject, onTestFinished, test } from "vitest";
import { type Database, openDatabase } from "../../../runtime/store/database/database.ts";
import { migrate } from "../../../runtime/store/database/migrate.ts";
import { assertReachable, refuseServer } from "../../../runtime/store/database/probe.ts";
import { type TestDatabase, testDatabase } from "../../support/postgres.ts";
import { until } from "../../support/until.ts";

const databases: TestDatabase[] = [];
const clients: Client[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.end();
  for (const database of databases.splice(0)) await database.drop();
});

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  clients.push(client);
  return client;
}

/** An empty database with these settings for everyone who connects. */
async function databaseWith(settings: readonly string[]): Promise<string> {
  const database = await testDatabase();
  databases.push(database);
  const name = new URL(database.url).pathname.slice(1);
  const client = await connected(database.url);
  for (const setting of settings) await client.query(`alter database ${name} set ${setting}`);
  return database.url;
}

function opened(url: string, directUrl?: string): Database {
  const db = openDatabase(url, {
    poolSize: 2,
    signal: AbortSignal.abort(),
    ...(directUrl !== undefined && { directUrl }),
  });
  onTestFinished(() => db.close());
  return db;
}

const STATEMENT = {
  name: "test_values",
  text: `select $1::timestamptz as at, $2::text[] as texts, $3::float8 as number, $4::bytea as bytes, $5::date::text as day`,
};

describe("a database's own settings", () => {
  test.each([
    "datestyle = 'SQL, DMY'",
    "datestyle = 'German, DMY'",
    "datestyle = 'Postgres, MDY'",
    "timezone = 'Asia/Kathmandu'",
    "intervalstyle = 'sql_standard'",
    "bytea_output = 'escape'",
    "extra_float_digits = -15",
    "array_nulls = off",
    "standard_conforming_strings = off",
    "transform_null_equals = on",
    "default_transaction_isolation = 'serializable'",
    "idle_session_timeout = '10ms'",
    "search_path = ''",
  ])("such as %s change nothing of what is read", async (setting) => {
    const url = await databaseWith([setting]);
    const values = [new Date("2026-03-04T05:06:07.089Z"), ["NULL", null, "a\\b"], 0.1 + 0.2];
    const all = [...values, Buffer.from([0, 92, 255]), "2026-03-04"];
    const expected = {
      at: values[0],
      texts: values[1],
      number: values[2],
      bytes: all[3],
      day: "2026-03-04",
    };
    for (const db of [opened(url), opened(url, url)])
      expect(await db.query(STATEMENT, all)).toEqual([expected]);
    const session = await opened(url).session();
    expect((await session.query(STATEMENT.text, all)).rows).toEqual([expected]);
    await session.end();
  });

  test("do not keep the schema from being made", async () => {
    const db = opened(await databaseWith(["datestyle = 'SQL, DMY'", "search_path = ''"]));
    expect(await migrate(db)).not.toEqual([]);
    expect(await migrate(db)).toEqual([]);
  });
});

describe("a database that cannot serve", () => {
  test("is refused when its encoding is not UTF8", async () => {
    const server = inject("postgresUrl");
    const client = new Client({ connectionString: server });
    await client.connect();
    const name = `latin_${Date.now()}`;
    await client.query(`create database ${name} encoding 'LATIN1' locale 'C' template template0`);
    onTestFinished(async () => {
      await client.query(`drop database ${name} with (force)`);
      await client.end();
    });
    const url = new URL(server);
    url.pathname = `/${name}`;
    await expect(assertReachable(url.href)).rejects.toMatchObject({
      code: "DATABASE_ENCODING",
      message: expect.stringContaining("has the encoding LATIN1; dagsmith needs UTF8"),
    });
  });

  test("is refused when it is older than PostgreSQL 14", () => {
    const server = (version: number, found: string) => (): void =>
      refuseServer({ version, found, encoding: "UTF8" }, "postgres://db/etl");
    expect(server(130_099, "13.99")).toThrow(
      expect.objectContaining({
        code: "DATABASE_TOO_OLD",
        message: expect.stringMatching(/^[^\n]*13\.99[^\n]*14[^\n]*$/),
      }),
    );
    expect(server(140_000, "14.0")).not.toThrow();
  });

  test("is refused when a schema of our name holds other tables, and nothing is written", async () => {
    const database = await testDatabase();
    databases.push(database);
    const client = await connected(database.url);
    await client.query("create schema dagsmith; create table dagsmith.orders (id int)");
    await expect(migrate(opened(database.url))).rejects.toMatchObject({
      code: "DATABASE_FOREIGN_SCHEMA",
      message: expect.stringContaining("orders"),
    });
    const { rows } = await client.query(
      "select relname from pg_class where relnamespace = 'dagsmith'::regnamespace and relkind = 'r'",
    );
    expect(rows).toEqual([{ relname: "orders" }]);
  });
});

test("a broken pool goes on: connections that fell silent are replaced, and what waited on them is sent again", async () => {
  const url = await databaseWith([]);
  const db = openDatabase(url, { poolSize: 1 });
  onTestFinished(() => db.close());
  const holder = await connected(url);
  await holder.query("select pg_advisory_lock(1)");
  const waiting = db.query<{ done: number }>({
    name: "test_wait",
    text: "select 1 as done from pg_advisory_lock(1)",
  });
  await until("the wait for the lock", async () => {
    const { rowCount } = await holder.query(
      "select from pg_stat_activity where datname = current_database() and wait_event = 'advisory'",
    );
    return rowCount === 1;
  });
  db.replaceConnections();
  await holder.query("select pg_advisory_unlock(1)");
  expect(await waiting).toEqual([{ done: 1 }]);
});

test("direct connections beside a pooler are four at most", async () => {
  const url = await databaseWith([]);
  const db = openDatabase(url, { poolSize: 20, directUrl: url });
  onTestFinished(() => db.close());
  const asked = Array.from({ length: 12 }, () =>
    db.pool.query<{ pid: number }>("select pg_backend_pid() as pid from pg_sleep(0.02)"),
  );
  const pids = (await Promise.all(asked)).map(({ rows }) => rows[0]!.pid);
  expect(new Set(pids).size).toBeLessThanOrEqual(4);
});
