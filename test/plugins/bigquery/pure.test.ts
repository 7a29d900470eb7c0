/** The pure parts of the BigQuery plugin: names, values, rows, statements and errors. */
import { dag, FailTask, identifier, type Sql, type SqlValue, sql } from "dagsmith";
import { bigqueryLoad, bigquerySql } from "dagsmith/plugins/bigquery";
import { runDag, runTask } from "dagsmith/testing";
import { describe, expect, test } from "vitest";
import { formatOf } from "../../../plugins/bigquery/file_format.ts";
import { jobError } from "../../../plugins/bigquery/job_error.ts";
import { loadWork, writeOf } from "../../../plugins/bigquery/load_job.ts";
import { sourceOf } from "../../../plugins/bigquery/load_source.ts";
import { stagingNumber } from "../../../plugins/bigquery/merge_loaded.ts";
import { mergeStatement } from "../../../plugins/bigquery/merge_sql.ts";
import { datasetOf, labelsOf, quoteName, tableOf } from "../../../plugins/bigquery/names.ts";
import { boundStatement } from "../../../plugins/bigquery/parameters.ts";
import { type FieldSchema, rowOf } from "../../../plugins/bigquery/rows.ts";
import { errorWithout } from "../../support/without_package.ts";

const files = undefined as never;

describe("what is refused", () => {
  test("a missing package is named with what installs it", async () => {
    const imports = `const { bigqueryHook } = await import("dagsmith/plugins/bigquery");
      const open = bigqueryHook("lake").definition.open;
      const connection = { id: "lake", type: "google_cloud_platform", extra: { project: "p" } };`;
    const task = "async (context) => open(connection, context)";
    expect(await errorWithout("@google-cloud/bigquery", imports, task)).toEqual([
      "PACKAGE_MISSING",
      "bigqueryHook() needs the package @google-cloud/bigquery. Run: npm install @google-cloud/bigquery",
    ]);
  });

  test.each(["trips", "a.b.c.d", ".trips", "taxi."])("a table that is named %s", (name) => {
    expect(() => tableOf(name, "lake")).toThrow(/names no table: write dataset\.table or/);
  });

  test.each(["", "a.b.c"])("a dataset that is named %j", (name) => {
    expect(() => datasetOf(name, "lake")).toThrow(/names no dataset/);
  });

  test("a list of values with two types", () => {
    expect(() => boundStatement(sql`${["a", 1]}`)).toThrow(
      "BigQuery cannot bind a list of STRING and INT64: give one type",
    );
  });

  test.each(["a.xlsx", "csv", "a.csv.zst"])("a file whose ending names no format: %s", (name) => {
    expect(() => formatOf(name)).toThrow(/names no format: give the option format, or one of csv/);
  });

  test("an upsert without a primary key, at once", () => {
    const options = { bigquery: "lake", from: "gs://b/a.csv", table: "d.t" };
    expect(() => bigqueryLoad({ ...options, loadType: "upsert", primaryKey: [] })).toThrow(
      /bigqueryLoad.*primaryKey.*missing/,
    );
    expect(() => bigqueryLoad({ ...options, loadType: "replace" as "append" })).toThrow(
      /loadType.*replace.*append, truncate, rebuild, upsert/,
    );
  });

  test.each([0, -1, 0.5])("a limit of %s bytes, before anything is read", async (limit) => {
    const task = bigquerySql({ bigquery: "lake", sql: sql`select 1`, maxBytesBilled: limit });
    const extra = { project: "lake", bigquery_api_endpoint: "http://127.0.0.1:1" };
    const connections = { lake: { type: "google_cloud_platform", extra } };
    await expect(runTask(task, { connections })).rejects.toThrow(
      new FailTask(`BigQuery: maxBytesBilled is ${limit}: give a whole number above 0, or none`),
    );
  });

  test("a merge by a key that is no column", () => {
    expect(() =>
      mergeStatement({
        ...{ from: "d.s", into: "d.t", columns: ["id"], primaryKey: ["key"] },
        incrementalKey: undefined,
      }),
    ).toThrow('BigQuery merge into d.t: the key "key" is none of the columns id');
  });
});

describe("a failed job", () => {
  const job = { projectId: "lake", jobId: "j1", location: "EU" };

  test.each([
    [{ reason: "invalidQuery", message: "Syntax error at [1:1]" }, FailTask],
    [{ reason: "accessDenied", message: "Access Denied" }, FailTask],
    [{ reason: "backendError", message: "Retry" }, Error],
    [{ reason: "stopped", message: "cancelled" }, Error],
    [{ reason: "invalidQuery", message: "Could not serialize access to table t" }, Error],
  ])("fails for good only where a retry cannot help: %j", (error, kind) => {
    expect(jobError("query", job, error).constructor).toBe(kind);
  });

  test("is named with its reason, its place and what to do", () => {
    const error = { reason: "notFound", message: "Not found: Table lake:taxi.t" };
    expect(jobError("query", job, error).message).toBe(
      "BigQuery query: Not found: Table lake:taxi.t; check the names, and the location of the dataset (notFound, job lake:EU.j1)",
    );
  });
});

describe("names", () => {
  test("of tables have the project of the connection, or their own", () => {
    const table = { datasetId: "taxi", tableId: "trips" };
    expect(tableOf("taxi.trips", "lake")).toEqual({ ...table, projectId: "lake" });
    expect(tableOf("sea.taxi.trips", "lake")).toEqual({ ...table, projectId: "sea" });
  });

  test("stay within their quotes", () => {
    expect(quoteName("a`; drop table x; --\\")).toBe("`a\\`; drop table x; --\\\\`");
  });

  test("of labels have the characters and the length that BigQuery takes", () => {
    expect(labelsOf({ Run: "scheduled__2026-01-01T00:00:00+00:00", é: "x".repeat(99) })).toEqual({
      ...{ run: "scheduled__2026-01-01t00_00_00_00_00", é: "x".repeat(63) },
    });
  });
});

const typeOf = (value: SqlValue) => boundStatement(sql`${value}`).parameters[0];

describe("a value", () => {
  test.each<readonly [SqlValue, string, string]>([
    ["a'b", "STRING", "a'b"],
    [7, "INT64", "7"],
    [-0.5, "FLOAT64", "-0.5"],
    [Number.NaN, "FLOAT64", "NaN"],
    [2n ** 63n - 1n, "INT64", "9223372036854775807"],
    [2n ** 63n, "BIGNUMERIC", "9223372036854775808"],
    [true, "BOOL", "true"],
    [new Uint8Array([1, 255]), "BYTES", "Af8="],
    [new Date(0), "STRING", "1970-01-01T00:00:00.000Z"],
  ])("%s is bound as %s", (value, type, text) => {
    expect(typeOf(value)).toEqual({ parameterType: { type }, parameterValue: { value: text } });
  });

  test("of a list has one type, and null is written into the text", () => {
    expect(typeOf([1, 2.5, null])).toEqual({
      parameterType: { type: "ARRAY", arrayType: { type: "FLOAT64" } },
      parameterValue: { arrayValues: [{ value: "1" }, { value: "2.5" }, { value: null }] },
    });
    const statement: Sql = sql`select ${null}, ${1} from ${identifier("taxi", "a b")}`;
    expect(boundStatement(statement).text).toBe("select null, ? from `taxi`.`a b`");
  });
});

test("a row is read by its columns", () => {
  const fields: readonly FieldSchema[] = [
    { name: "n", type: "INTEGER" },
    { name: "large", type: "INT64" },
    { name: "f", type: "FLOAT" },
    { name: "t", type: "TIMESTAMP" },
    { name: "tags", type: "STRING", mode: "REPEATED" },
    { name: "r", type: "RECORD", mode: "REPEATED", fields: [{ name: "ok", type: "BOOL" }] },
  ];
  const cells = ["7", "9007199254740993", "-Infinity", "-1", null, [{ v: { f: [{ v: "true" }] } }]];
  expect(rowOf({ f: cells.map((v) => ({ v })) }, fields)).toEqual({
    ...{ n: 7, large: "9007199254740993", f: "-Infinity", tags: [], r: [{ ok: true }] },
    t: "1969-12-31T23:59:59.999999+00:00",
  });
});

test("a merge takes the newest row of each key, and keeps what is newer", () => {
  const statement = mergeStatement({
    ...{
      from: "d.s",
      into: "d.t",
      columns: ["id", "at"],
      primaryKey: ["id"],
      incrementalKey: "at",
    },
  });
  const { text } = boundStatement(statement);
  expect(text).toContain("row_number() over (partition by `id` order by `at` desc)");
  expect(text).toContain("when matched and (`old`.`at` is null or `fresh`.`at` >= `old`.`at`)");
});

describe("how a load writes into a table", () => {
  const table = "taxi.trips";
  const columns = [{ name: "day", type: "DATE" }];
  const byDay = { timePartitioning: { type: "DAY", field: "day" } };
  const asked = { partitionBy: "day", clusterBy: ["id"] };

  test.each([
    [{}, "no layout"],
    [byDay, "partitions by DAY of day"],
    [
      { ...byDay, clustering: { fields: ["zone"] } },
      "partitions by DAY of day and clusters by zone",
    ],
    [{ rangePartitioning: { field: "n" } }, "partitions by ranges of n"],
  ])("a rebuild refuses to change the layout of the table: %j", (stored, found) => {
    expect(() => writeOf(table, { loadType: "rebuild", ...asked }, stored)).toThrow(
      new FailTask(
        `BigQuery load: the table taxi.trips has ${found}, the load asks for partitions by DAY of day and clusters by id, and BigQuery changes no layout: drop the table first, or leave out partitionBy and clusterBy`,
      ),
    );
  });

  test("a rebuild asks for the layout that the table has, or for none", () => {
    const layout = { ...byDay, clustering: { fields: ["id"] } };
    const rebuild = (options: object) =>
      writeOf(
        table,
        { loadType: "rebuild", ...options },
        { ...layout, schema: { fields: columns } },
      );
    expect(rebuild(asked)).toMatchObject({ layout, detects: true });
    expect(rebuild({ columns, clusterBy: [] })).toMatchObject({ layout: {}, columns });
  });

  test.each(["append", "truncate"])(
    "the mode %s leaves the layout of a table as it is",
    (loadType) => {
      const stored = { schema: { fields: columns } };
      expect(writeOf(table, { loadType, ...asked }, stored)).toMatchObject({ layout: {} });
      expect(writeOf(table, { loadType, partitionBy: "day" }, null)).toMatchObject({
        layout: byDay,
      });
    },
  );
});

test("an upsert that is tried again takes a new staging table before the old one expires", async () => {
  const hours = [0, 19, 21, 22, 42];
  const numbers: number[] = [];
  const d = dag("late");
  d.task("load", { retries: 4 }, async ({ step, tryNumber }) => {
    const now = 1e12 + (hours[tryNumber - 1] ?? 0) * 3_600_000;
    numbers.push(await stagingNumber(step, "taxi.trips", now));
    if (tryNumber < hours.length) throw new Error("the worker died");
  });
  expect((await runDag(d)).state).toBe("success");
  expect(numbers).toEqual([0, 0, 1, 1, 2]);
});

test("a load job says how CSV is written, and a new table lies as it is asked", () => {
  const source = sourceOf(["gs://b/*.csv.gz"], files, undefined);
  const table = { projectId: "lake", datasetId: "taxi", tableId: "trips" };
  const { configuration } = loadWork({
    ...{ source, table, columns: undefined, detects: true, write: "WRITE_APPEND" },
    ...{ addsColumns: false, csv: { delimiter: ";", skipLines: 0, nulls: "-" } },
    layout: { clustering: { fields: ["id"] } },
  });
  expect(configuration).toEqual({
    load: {
      ...{ destinationTable: table, sourceFormat: "CSV", writeDisposition: "WRITE_APPEND" },
      ...{ sourceUris: ["gs://b/*.csv.gz"], autodetect: true, skipLeadingRows: 0 },
      ...{ allowQuotedNewlines: true, fieldDelimiter: ";", nullMarker: "-" },
      clustering: { fields: ["id"] },
    },
  });
});
