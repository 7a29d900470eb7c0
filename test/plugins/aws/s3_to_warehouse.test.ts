/**
 * Loads from S3, into Redshift (through its Data API) and into PostgreSQL, with the same
 * options.
 */
import { buffer } from "node:stream/consumers";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { DagsmithError, type Json, type TaskContext } from "dagsmith";
import { type S3ToRedshiftOptions, s3Hook, s3ToPostgres, s3ToRedshift } from "dagsmith/plugins/aws";
import { writeRows } from "dagsmith/plugins/formats";
import { type RunTaskOptions, runTask } from "dagsmith/testing";
import { Client } from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type SandboxS3, startSandboxS3 } from "../../../runtime/sandbox/s3.ts";
import { type TestDatabase, testDatabase } from "../../support/postgres.ts";
import { type RedshiftDataApi, startRedshiftDataApi } from "../../support/redshift_data_api.ts";
import { until } from "../../support/until.ts";

const SECRET = "s3cr3t/access+key";
let database: TestDatabase;
let s3: SandboxS3;
let api: RedshiftDataApi;
let observer: Client;

beforeEach(async () => {
  database = await testDatabase();
  s3 = await startSandboxS3({ buckets: ["raw"] });
  api = await startRedshiftDataApi(database.url, s3.url);
  observer = new Client({ connectionString: database.url });
  await observer.connect();
});
afterEach(async () => {
  await observer.end();
  await api.close();
  await s3.close();
  await database.drop();
});

const keyed = () => ({
  endpoint_url: api.url,
  aws_access_key_id: "AKIA",
  aws_secret_access_key: "of the warehouse",
});

const connections = (warehouse: string): NonNullable<RunTaskOptions["connections"]> => ({
  s3: { type: "aws", login: "AKIA", password: SECRET, extra: { endpoint_url: s3.url } },
  warehouse:
    warehouse === "postgres"
      ? database.url
      : { type: "redshift", host: "lake", schema: "dev", extra: keyed() },
});

async function put(
  key: string,
  content: string | readonly Json[] | Buffer,
  options: { gzip?: boolean } = {},
): Promise<void> {
  const text = Array.isArray(content)
    ? content.map((row) => `${JSON.stringify(row)}\n`).join("")
    : (content as string | Buffer);
  await runTask(
    async ({ hook }) => {
      await (await hook(s3Hook("s3"))).putStream(
        "raw",
        key,
        [Buffer.from(text as string)] as unknown as AsyncIterable<Buffer>,
        options,
      );
    },
    { connections: connections("postgres") },
  );
}

const base = {
  ...{
    s3: "s3",
    bucket: "raw",
    key: "trips.json",
    redshift: "warehouse",
    schema: "lake",
    table: "trips",
  },
  columns: [
    { name: "id", type: "bigint" },
    { name: "name", type: "text" },
    { name: "at", type: "timestamptz" },
  ],
} as const;
type Options = S3ToRedshiftOptions<TaskContext>;

const load = (warehouse: string, options: Options, run: RunTaskOptions = {}) =>
  runTask(s3ToRedshift(options), { connections: connections(warehouse), runId: "run-1", ...run });
const select = async (text: string): Promise<unknown[]> =>
  (await observer.query({ text, rowMode: "array" })).rows.map((row: unknown[]) => row.map(String));
const leftovers = () =>
  select(
    "select relname from pg_class where relname like 'dagsmith%' and relkind = 'r' and relname <> 'dagsmith_loads'",
  );

test("Parquet goes into PostgreSQL by row groups, with the columns of the load", async () => {
  const rows = [
    { ID: 1, name: "Köln", other: "x" },
    { ID: 2, name: null, other: "x" },
  ];
  const columns = [{ name: "ID", type: "bigint" }, { name: "name" }, { name: "other" }] as const;
  await put("trips.parquet", await buffer(writeRows("trips.parquet", rows, columns)));
  const options = { ...base, key: "trips.parquet", postgres: "warehouse" };
  const wanted = { ...options, columns: base.columns.slice(0, 2), loadType: "rebuild" } as const;
  const { output } = await runTask(s3ToPostgres(wanted), { connections: connections("postgres") });
  expect(output).toEqual({ rows: 2, inserted: 2, updated: 0 });
  expect(await select("select * from lake.trips order by id")).toEqual([
    ["1", "Köln"],
    ["2", "null"],
  ]);
});

describe.each(["redshift", "postgres"])("on %s", (warehouse) => {
  test("rebuild replaces rows and columns, and leaves the old table when it fails", async () => {
    await put("trips.json", [{ ID: 1, name: "old", other: [1] }]);
    expect(
      (await load(warehouse, { ...base, loadType: "rebuild", primaryKey: "id" })).output,
    ).toEqual({
      rows: 1,
      inserted: 1,
      updated: 0,
    });
    await put("trips.json", [{ id: 2, city: "Berlin" }, { id: 3 }]);
    const columns = [
      { name: "id", type: "bigint" },
      { name: "city", type: "text" },
    ] as const;
    expect(
      (await load(warehouse, { ...base, columns, loadType: "rebuild", primaryKey: "id" })).output
        .inserted,
    ).toBe(2);
    expect(await select("select * from lake.trips order by id")).toEqual([
      ["2", "Berlin"],
      ["3", "null"],
    ]);
    await put("trips.json", [{ id: 4 }, { id: 4 }]);
    await expect(
      load(warehouse, { ...base, columns, loadType: "rebuild", primaryKey: "id" }),
    ).rejects.toThrow("unique");
    expect(await select("select id from lake.trips order by id")).toEqual([["2"], ["3"]]);
    expect(await leftovers()).toEqual([]);
  });

  test("truncate replaces rows, keeps the table and its view, and keeps the old rows when it fails", async () => {
    await put("trips.json", [{ id: 1 }]);
    await load(warehouse, { ...base, loadType: "truncate" });
    await observer.query("create view lake.recent as select id from lake.trips");
    await put("trips.json", [{ id: 2 }]);
    await load(warehouse, { ...base, loadType: "truncate" });
    await put("trips.json", [{ id: "x" }]);
    await expect(load(warehouse, { ...base, loadType: "truncate" })).rejects.toThrow();
    expect(await select("select id from lake.recent")).toEqual([["2"]]);
    expect(await leftovers()).toEqual([]);
  });

  test("append adds once for each run, however often it is tried", async () => {
    await put("trips.json", [{ id: 1 }]);
    expect((await load(warehouse, { ...base, loadType: "append" })).output.inserted).toBe(1);
    expect(
      (await load(warehouse, { ...base, loadType: "append" }, { tryNumber: 2 })).output,
    ).toEqual({ rows: 1, inserted: 0, updated: 0 });
    expect(
      (await load(warehouse, { ...base, loadType: "append" }, { runId: "run-2" })).output.inserted,
    ).toBe(1);
    expect(await select("select id from lake.trips")).toEqual([["1"], ["1"]]);
    await put("trips.json", [{ id: 2 }]);
    await expect(load(warehouse, { ...base, loadType: "append" })).rejects.toThrow(
      "has appended another version of its source",
    );
  });

  test("upsert leaves newer rows alone, and takes the newest of each key", async () => {
    const at = (day: number): string => `2018-01-0${day}T00:00:00Z`;
    const upsert = { ...base, loadType: "upsert", primaryKey: "id", incrementalKey: "at" } as const;
    await put(
      "trips.json",
      [1, 2, 3].map((id) => ({ id, name: "old", at: at(5) })),
    );
    await load(warehouse, upsert);
    await put("trips.json", [
      { id: 1, name: "late", at: at(4) },
      { id: 2, name: "equal", at: at(5) },
      { id: 3, name: "newest", at: at(7) },
      { id: 3, name: "newer", at: at(6) },
      { id: 4, name: "new", at: at(1) },
    ]);
    expect((await load(warehouse, upsert)).output).toEqual({ rows: 5, inserted: 1, updated: 2 });
    expect(await select("select id, name from lake.trips order by id")).toEqual([
      ["1", "old"],
      ["2", "equal"],
      ["3", "newest"],
      ["4", "new"],
    ]);
    expect(await leftovers()).toEqual([]);
  });

  test("missing columns are added and varchar is widened; what cannot be is refused by name", async () => {
    await observer.query(
      "create schema lake; create table lake.trips (id bigint, name varchar(2))",
    );
    await put("trips.json", [{ id: 1, name: "longer" }]);
    await load(warehouse, { ...base, loadType: "append" });
    expect(await select("select id, name, at from lake.trips")).toEqual([["1", "longer", "null"]]);
    const columns = [{ name: "id", type: "boolean" }] as const;
    await expect(load(warehouse, { ...base, columns, loadType: "truncate" })).rejects.toThrow(
      'Column "id" of lake.trips has the type bigint, but the load wants boolean',
    );
  });

  test("the columns of the table are the default; without a table that is an error", async () => {
    const { columns: _, ...options } = base;
    await put("trips.json", [{ id: 1, name: "a" }]);
    await expect(load(warehouse, { ...options, loadType: "truncate" })).rejects.toThrow(
      "The table lake.trips does not exist",
    );
    await observer.query("create table lake.trips (id bigint, name text)");
    await load(warehouse, { ...options, loadType: "truncate" });
    expect(await select("select id, name from lake.trips")).toEqual([["1", "a"]]);
  });

  test("CSV with other columns, in another order, packed by name or by mark", async () => {
    const csv = "Name,extra,ID,at\na,x,1,2018-01-05 04:00:00\n,x,2,\n";
    await put("trips.csv", csv, { gzip: true });
    await put("trips.csv.gz", gzipSync(csv));
    await put("trips.csv.zst", zstdCompressSync(csv));
    for (const key of ["trips.csv.gz", "trips.csv.zst", "trips.csv"]) {
      if (warehouse === "redshift" && key === "trips.csv") continue;
      expect((await load(warehouse, { ...base, key, loadType: "rebuild" })).output.rows).toBe(2);
      expect(await select("select id, name, at is null from lake.trips order by id")).toEqual([
        ["1", "a", "false"],
        ["2", "null", "true"],
      ]);
    }
    const columns = [...base.columns, { name: "fare", type: "numeric" }] as const;
    await expect(
      load(warehouse, { ...base, key: "trips.csv.gz", columns, loadType: "rebuild" }),
    ).rejects.toThrow('The CSV has no column "fare"; its header is name, extra, id, at');
  });

  test("CSV options are the same: other quotes, nulls, an encoding, and no header", async () => {
    const csv = Buffer.from("2|'Do\u00f1a | Ana'|\n1|NA|2018-01-05 04:00:00\n", "latin1");
    await put("trips.csv", csv);
    const options = { delimiter: "|", quote: "'", nulls: "NA", encoding: "latin1", header: false };
    const columns = [
      { name: "id", type: "bigint" },
      { name: "name", type: "text" },
      { name: "note", type: "text" },
    ] as const;
    await load(warehouse, {
      ...{ ...base, key: "trips.csv", columns, loadType: "rebuild" },
      csv: options,
    });
    expect(await select("select id, name, note from lake.trips order by id")).toEqual([
      ["1", "null", "2018-01-05 04:00:00"],
      ["2", "Doña | Ana", ""],
    ]);
  });

  test.each(["truncate", "rebuild"] as const)(
    "an object without rows does not empty a table by %s, unless that is asked for",
    async (loadType) => {
      await observer.query(
        "create schema lake; create table lake.trips (id bigint); insert into lake.trips values (9)",
      );
      const columns = [{ name: "id", type: "bigint" }] as const;
      for (const key of ["trips.json", "trips.csv"]) {
        await put(key, "");
        await expect(load(warehouse, { ...base, key, columns, loadType })).rejects.toMatchObject({
          name: "FailTask",
          message: expect.stringMatching(/has no rows|The CSV is empty/),
        });
      }
      expect(await select("select id from lake.trips")).toEqual([["9"]]);
      await load(warehouse, { ...base, columns, loadType, allowEmpty: true });
      expect(await select("select id from lake.trips")).toEqual([]);
    },
  );

  test("a column that the CSV lacks is refused, named by the load or by the table", async () => {
    await observer.query("create schema lake; create table lake.trips (id bigint, name text)");
    await put("trips.csv", "id,nmae\n1,a\n");
    const { columns: _, ...byTable } = base;
    for (const options of [{ ...base, columns: base.columns.slice(0, 2) }, byTable])
      await expect(
        load(warehouse, { ...options, key: "trips.csv", loadType: "append" }),
      ).rejects.toThrow('The CSV has no column "name"; its header is id, nmae');
  });

  test("the appends of a schema may be remembered in another one", async () => {
    await put("trips.json", [{ id: 1 }]);
    const columns = [{ name: "id", type: "bigint" }] as const;
    const options = { ...base, columns, loadType: "append", loadsSchema: "book" } as const;
    for (const schema of ["lake", "pond"]) {
      await load(warehouse, { ...options, schema });
      expect((await load(warehouse, { ...options, schema })).output.inserted).toBe(0);
    }
    expect(await select("select table_name from book.dagsmith_loads order by 1")).toEqual([
      ["lake.trips"],
      ["pond.trips"],
    ]);
  });

  test("fields may be functions of the context, and names are quoted", async () => {
    await put("a/2018-01-05.json", [{ id: 1 }]);
    const options: Options = {
      ...base,
      key: ({ logicalDate }) => `a/${logicalDate.toISODate()}.json`,
      bucket: () => "raw",
      schema: () => 'we"ird',
      table: async ({ params }) => `${(params as { org: string }).org}_issues`,
      columns: () => base.columns,
      loadType: "rebuild",
    };
    await load(warehouse, options, {
      logicalDate: "2018-01-05",
      params: { org: "airflow-plugins" },
    });
    expect(await select('select id from "we""ird"."airflow-plugins_issues"')).toEqual([["1"]]);
  });

  test("20,000 rows", async () => {
    await put(
      "trips.json",
      Array.from({ length: 20_000 }, (_, id) => ({
        id,
        name: `n${id}`,
        at: "2018-01-05T00:00:00Z",
      })),
    );
    expect((await load(warehouse, { ...base, loadType: "rebuild" })).output.rows).toBe(20_000);
    expect(await select("select count(*), count(distinct id) from lake.trips")).toEqual([
      ["20000", "20000"],
    ]);
  });

  test("a missing object fails and may be tried again", async () => {
    await expect(load(warehouse, { ...base, loadType: "rebuild" })).rejects.toMatchObject({
      name: "Error",
      message: "There is no object s3://raw/trips.json",
    });
  });

  test("the log tells what was loaded, and no secret", async () => {
    await put("trips.json", [{ id: 1, name: "a", at: "2018-01-05T00:00:00Z" }]);
    const { log } = await load(warehouse, { ...base, loadType: "rebuild" });
    expect(log).toEqual([
      { level: "info", text: "loaded 1 rows into lake.trips: 1 inserted, 0 updated" },
    ]);
  });
});

describe("on redshift alone", () => {
  const sqls = (): string =>
    api.requests.map(({ input }) => (input.Sqls ?? [input.Sql]).join(";\n")).join("\n");

  test("COPY uses a role when there is one, and the keys otherwise", async () => {
    await put("trips.json", [{ id: 1 }]);
    await load("redshift", { ...base, loadType: "rebuild" });
    expect(sqls()).toContain(`access_key_id 'AKIA' secret_access_key '${SECRET}'`);
    const role = "arn:aws:iam::123456789012:role/load";
    const warehouse = { type: "redshift", host: "lake", extra: { ...keyed(), role_arn: role } };
    const before = api.requests.length;
    await load(
      "redshift",
      { ...base, loadType: "rebuild" },
      { connections: { ...connections("redshift"), warehouse } },
    );
    const text = JSON.stringify(api.requests.slice(before));
    expect(text).toContain(`iam_role '${role}'`);
    expect(text).not.toContain(SECRET);
  });

  test("a server that repeats the statement in its error does not spread the secret", async () => {
    await put("trips.json", [{ id: 1 }]);
    const extra = { endpoint_url: s3.url, region_name: "eu-west-1", aws_session_token: "t0ken" };
    const options = {
      connections: {
        ...connections("redshift"),
        s3: { type: "aws", login: "AKIA", password: SECRET, extra },
      },
    };
    const error = await load(
      "redshift",
      { ...base, loadType: "rebuild", copyOptions: ["oops"] },
      options,
    ).catch((error: Error) => error);
    expect(String(error)).toMatch(
      /Redshift: statement 2 of \d failed: ERROR: syntax error at or near "oops" in: copy /,
    );
    expect(String(error)).toContain(
      "secret_access_key '***' session_token '***' region 'eu-west-1'",
    );
    expect(`${(error as Error).stack}`).not.toContain(SECRET);
  });

  test("distkey, sortkey and more options of COPY arrive; the types are Redshift's", async () => {
    await put("trips.json", [{ id: 1 }]);
    await load("redshift", {
      ...base,
      loadType: "truncate",
      distkey: "id",
      sortkey: ["at", "id"],
      sortType: "interleaved",
      copyOptions: ["truncatecolumns"],
    });
    expect(sqls()).toMatch(
      /create table "lake"\."trips" \("id" bigint, "name" varchar\(65535\), "at" timestamptz\) distkey\("id"\) interleaved sortkey\("at", "id"\)/,
    );
    expect(sqls()).toMatch(
      /json 'auto ignorecase' dateformat 'auto' timeformat 'auto' truncatecolumns/,
    );
  });

  test("an object whose key only begins like the one to load is not loaded with it", async () => {
    await put("trips.json", [{ id: 1 }]);
    await put("trips.json.old", [{ id: 2 }]);
    await expect(load("redshift", { ...base, loadType: "rebuild" })).rejects.toThrow(
      "COPY of s3://raw/trips.json would load trips.json.old too, which begins like it",
    );
  });

  test("a widening that Redshift does not know is refused", async () => {
    await observer.query("create schema lake; create table lake.trips (id integer)");
    await put("trips.json", [{ id: 1 }]);
    await expect(load("redshift", { ...base, loadType: "truncate" })).rejects.toThrow(
      'Column "id" of lake.trips is too narrow for bigint',
    );
  });

  test("options and types that COPY has no word for are refused", async () => {
    await put("trips.csv", "id\n1\n");
    const columns = [{ name: "id", type: "jsonb" }] as const;
    const options = { ...base, key: "trips.csv", loadType: "rebuild" } as const;
    await expect(load("redshift", { ...options, columns })).rejects.toThrow(
      'Redshift has no type jsonb for the column "id"',
    );
    for (const csv of [{ escape: "\\" }, { nulls: ["a", "b"] }, { encoding: "koi8-r" }])
      await expect(
        load("redshift", { ...options, columns: [{ name: "id", type: "text" }], csv }),
      ).rejects.toMatchObject({ name: "DagsmithError" });
  });

  test("hostile keys and roles stay inside their quotes", async () => {
    const key = "it's\\'; drop table x --.json";
    await put(key, [{ id: 1 }]);
    await load("redshift", { ...base, key, loadType: "rebuild" }).catch(() => {});
    expect(sqls()).toContain("from 's3://raw/it''s\\\\''; drop table x --.json'");
    const warehouse = {
      type: "redshift",
      host: "lake",
      extra: { ...keyed(), role_arn: "x' csv '" },
    };
    const options = { connections: { ...connections("redshift"), warehouse } };
    await expect(load("redshift", { ...base, key, loadType: "rebuild" }, options)).rejects.toThrow(
      "holds a character that none has",
    );
  });
});

describe("on postgres alone", () => {
  test("readers see the old rows while the body is held up, and a body that breaks off changes nothing", async () => {
    await put("trips.json", [{ id: 1 }]);
    await load("postgres", { ...base, loadType: "rebuild" });
    await put(
      "trips.json",
      Array.from({ length: 1000 }, (_, id) => ({ id })),
    );
    const [stopped, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    s3.faults.hold = { afterBytes: 5000, until: go.promise, reached: stopped.resolve };
    const loading = load("postgres", { ...base, loadType: "rebuild" });
    await stopped.promise;
    expect(await select("select id from lake.trips")).toEqual([["1"]]);
    go.resolve();
    expect((await loading).output.rows).toBe(1000);
    delete s3.faults.hold;
    s3.faults.truncateAfter = 5000;
    await expect(load("postgres", { ...base, loadType: "truncate" })).rejects.toThrow(
      /the body (broke off after|has) 5000 of \d+ bytes/,
    );
    expect(await select("select count(*) from lake.trips")).toEqual([["1000"]]);
  });

  test("an abort while the body is held up rolls back and leaves no session", async () => {
    await put(
      "trips.json",
      Array.from({ length: 1000 }, (_, id) => ({ id })),
    );
    const controller = new AbortController();
    s3.faults.hold = {
      afterBytes: 5000,
      until: new Promise(() => {}),
      reached: () => controller.abort(new Error("cancelled")),
    };
    await expect(
      load("postgres", { ...base, loadType: "rebuild" }, { signal: controller.signal }),
    ).rejects.toThrow("cancelled");
    const sessions = () =>
      select(
        "select 1 from pg_stat_activity where datname = current_database() and application_name = 'dagsmith'",
      );
    await until("the end of its sessions", async () => (await sessions()).length === 0);
    expect(await select("select 1 from pg_tables where schemaname = 'lake'")).toEqual([]);
  });

  test("s3ToPostgres is the same under its own name", async () => {
    await put("trips.json", [{ id: 1 }]);
    const { redshift: _, ...options } = base;
    const body = s3ToPostgres({
      ...options,
      postgres: "warehouse",
      loadType: "upsert",
      primaryKey: ["id"],
    });
    expect((await runTask(body, { connections: connections("postgres") })).output).toEqual({
      rows: 1,
      inserted: 1,
      updated: 0,
    });
  });
});

test("an upsert without a primary key is refused where it is declared, by the compiler too", () => {
  // @ts-expect-error upsert needs a primaryKey
  const declare = () => s3ToRedshift({ ...base, loadType: "upsert" });
  expect(declare).toThrow(DagsmithError);
  expect(declare).toThrow(
    "s3ToRedshift: primaryKey is missing; allowed: one column or more, for loadType upsert.",
  );
  // @ts-expect-error only an upsert compares by an incremental key
  expect(() => s3ToRedshift({ ...base, loadType: "append", incrementalKey: "at" })).toThrow(
    "incrementalKey is at",
  );
  // @ts-expect-error no such load type
  expect(() => s3ToRedshift({ ...base, loadType: "replace" })).toThrow(
    "allowed: append, rebuild, truncate, upsert",
  );
});
