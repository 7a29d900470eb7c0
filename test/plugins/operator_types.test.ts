/**
 * What the compiler knows of the context inside an operator's fields. `tsc` checks this
 * file: a call of `bare`, `named`, `maybe`, `each` or `inside` compiles only in the
 * context that it names. The functions given to `compiles` are never called.
 */

import {
  type Dag,
  externalRun,
  type FromContext,
  type GroupBuilder,
  type MappedTaskOptions,
  resolveField,
  type Sql,
  type TaskBody,
  type TaskContext,
  type TaskOptions,
  type TaskRef,
  waitFor,
  waitUntil,
} from "dagsmith";
import {
  redshiftSql,
  s3KeySensor,
  s3ToPostgres,
  s3ToRedshift,
  snsPublish,
  sqsSend,
} from "dagsmith/plugins/aws";
import {
  bigqueryDataset,
  bigqueryExtract,
  bigqueryLoad,
  bigquerySql,
  bigqueryTable,
} from "dagsmith/plugins/bigquery";
import { githubToS3 } from "dagsmith/plugins/github";
import { httpRequest, httpSensor } from "dagsmith/plugins/http";
import { kafkaProduce } from "dagsmith/plugins/kafka";
import { mysqlSensor, mysqlSql } from "dagsmith/plugins/mysql";
import { postgresSql, sqlSensor } from "dagsmith/plugins/postgres";
import { snowflakeCopy, snowflakeSensor, snowflakeSql } from "dagsmith/plugins/snowflake";
import { describe, expect, expectTypeOf, it } from "vitest";

const compiles = (code: () => unknown): void => expect(code).toBeTypeOf("function");

type Params = { readonly day: string };
declare const d: Dag<Params>;
/** The builder of a group that is mapped over numbers. */
declare const g: GroupBuilder<Params, number>;
declare const rows: TaskRef<number>;
declare const files: TaskRef<string[]>;

type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/**
 * A function that takes a context only when its inputs and its item are exactly these.
 */
type Sees<Inputs, Item> = <Context extends TaskContext, Value>(
  context: Context,
  value: Same<Context, TaskContext<Params, Inputs, Item>> extends true ? Value : never,
) => Value;
type None = Readonly<Omit<Record<never, never>, never>>;
declare const bare: Sees<None, undefined>;
declare const named: Sees<{ readonly rows: number }, undefined>;
declare const maybe: Sees<{ readonly rows: number | undefined }, undefined>;
declare const each: Sees<{ readonly rows: number }, string>;
declare const inside: Sees<None, number>;

const [postgres, http, s3, redshift, bucket, dag] = ["postgres", "http", "s3", "dwh", "lake", "d"];
const [bigquery, mysql, snowflake] = ["lake", "shop", "lake"];
const stage = { snowflake, from: "@raw", format: { type: "parquet" }, table: "a" } as const;
const triggerRule = "all_done";
const load = { s3: "s3", bucket: "lake", schema: "raw", table: "a", loadType: "append" } as const;
const append = { table: "taxi.trips", loadType: "append" } as const;
const extract = {
  github: "github",
  s3: "s3",
  bucket: "lake",
  org: "acme",
  repo: "all",
  object: "issues",
} as const;
declare const query: Sql;
const shared = { retries: 2, doc: "x" };
declare const until: (text: string) => boolean;

/** A user's own operator. */
interface ShoutOptions<Context extends TaskContext> {
  readonly text: FromContext<string, Context>;
  readonly until?: (text: string, context: Context) => boolean;
}
function shout<Context extends TaskContext>(
  options: ShoutOptions<Context>,
): TaskBody<string, Context> {
  return async (context) => (await resolveField(options.text, context)).toUpperCase();
}
declare function only<Value, Context extends TaskContext>(options: {
  readonly value: FromContext<Value, Context>;
}): TaskBody<Value, Context>;

describe("the fields know inputs, params and item, with options of the task and without, of", () => {
  it("postgresSql", () =>
    compiles(() => {
      d.task("t", postgresSql({ postgres, sql: (c) => bare(c, query) }));
      d.task("t", {}, postgresSql({ postgres, sql: (c) => bare(c, query) }));
      d.task("t", { inputs: { rows } }, postgresSql({ postgres, sql: (c) => named(c, query) }));
      d.task(
        "t",
        { each: files, inputs: { rows } },
        postgresSql({ postgres: (c) => each(c, ""), sql: (c) => each(c, [query]) }),
      );
      g.task("t", postgresSql({ postgres, sql: (c) => inside(c, query) }));
    }));

  it("sqlSensor", () =>
    compiles(() => {
      d.sensor("t", sqlSensor({ postgres, sql: (c) => bare(c, query) }));
      d.sensor("t", {}, sqlSensor({ postgres, sql: (c) => bare(c, query) }));
      d.sensor("t", { inputs: { rows } }, sqlSensor({ postgres, sql: (c) => named(c, query) }));
      d.sensor(
        "t",
        { each: files, inputs: { rows } },
        sqlSensor({
          postgres: (c) => each(c, ""),
          sql: (c) => each(c, query),
          until: (_, c) => each(c, true),
        }),
      );
      g.sensor("t", sqlSensor({ postgres, sql: (c) => inside(c, query) }));
    }));

  it("httpRequest", () =>
    compiles(() => {
      d.task("t", httpRequest({ http, path: (c) => bare(c, "/") }));
      d.task("t", {}, httpRequest({ http, path: (c) => bare(c, "/") }));
      d.task("t", { inputs: { rows } }, httpRequest({ http, path: (c) => named(c, "/") }));
      d.task(
        "t",
        { each: files, inputs: { rows } },
        httpRequest({
          http: (c) => each(c, ""),
          path: (c) => each(c, ""),
          query: (c) => each(c, {}),
          headers: (c) => each(c, {}),
          json: (c) => each(c, null),
          output: (_, c) => each(c, 1),
        }),
      );
      g.task("t", httpRequest({ http, path: (c) => inside(c, "/") }));
    }));

  it("httpSensor", () =>
    compiles(() => {
      d.sensor("t", httpSensor({ http, path: (c) => bare(c, "/") }));
      d.sensor("t", {}, httpSensor({ http, path: (c) => bare(c, "/") }));
      d.sensor("t", { inputs: { rows } }, httpSensor({ http, path: (c) => named(c, "/") }));
      d.sensor(
        "t",
        { each: files, inputs: { rows } },
        httpSensor({
          http: (c) => each(c, ""),
          path: (c) => each(c, ""),
          query: (c) => each(c, {}),
          headers: (c) => each(c, {}),
          until: (_, c) => each(c, true),
        }),
      );
      g.sensor("t", httpSensor({ http, path: (c) => inside(c, "/") }));
    }));

  it("s3KeySensor", () =>
    compiles(() => {
      d.sensor("t", s3KeySensor({ s3, bucket, key: (c) => bare(c, "a.csv") }));
      d.sensor("t", {}, s3KeySensor({ s3, bucket, key: (c) => bare(c, "a.csv") }));
      d.sensor(
        "t",
        { inputs: { rows } },
        s3KeySensor({ s3, bucket, key: (c) => named(c, "a.csv") }),
      );
      d.sensor(
        "t",
        { each: files, inputs: { rows } },
        s3KeySensor({
          s3: (c) => each(c, ""),
          bucket: (c) => each(c, ""),
          key: (c) => each(c, ["a"]),
        }),
      );
      g.sensor("t", s3KeySensor({ s3, bucket, key: (c) => inside(c, "a.csv") }));
    }));

  it("s3ToPostgres", () =>
    compiles(() => {
      d.task("t", s3ToPostgres({ ...load, postgres, key: (c) => bare(c, "a") }));
      d.task("t", {}, s3ToPostgres({ ...load, postgres, key: (c) => bare(c, "a") }));
      d.task(
        "t",
        { inputs: { rows } },
        s3ToPostgres({ ...load, postgres, key: (c) => named(c, "a") }),
      );
      d.task(
        "t",
        { each: files, inputs: { rows } },
        s3ToPostgres({
          ...load,
          postgres: (c) => each(c, ""),
          key: (c) => each(c, ""),
          table: (c) => each(c, ""),
          columns: (c) => each(c, []),
        }),
      );
      g.task("t", s3ToPostgres({ ...load, postgres, key: (c) => inside(c, "a") }));
    }));

  it("s3ToRedshift", () =>
    compiles(() => {
      d.task("t", s3ToRedshift({ ...load, redshift, key: (c) => bare(c, "a") }));
      d.task("t", {}, s3ToRedshift({ ...load, redshift, key: (c) => bare(c, "a") }));
      d.task(
        "t",
        { inputs: { rows } },
        s3ToRedshift({ ...load, redshift, key: (c) => named(c, "a") }),
      );
      d.task(
        "t",
        { each: files, inputs: { rows } },
        s3ToRedshift({
          ...load,
          redshift: (c) => each(c, ""),
          key: (c) => each(c, ""),
          table: (c) => each(c, ""),
          columns: (c) => each(c, []),
        }),
      );
      g.task("t", s3ToRedshift({ ...load, redshift, key: (c) => inside(c, "a") }));
    }));

  it("redshiftSql", () =>
    compiles(() => {
      d.task("t", redshiftSql({ redshift, sql: (c) => bare(c, query) }));
      d.task("t", {}, redshiftSql({ redshift, sql: (c) => bare(c, query) }));
      d.task("t", { inputs: { rows } }, redshiftSql({ redshift, sql: (c) => named(c, query) }));
      d.task(
        "t",
        { each: files, inputs: { rows } },
        redshiftSql({ redshift: (c) => each(c, ""), sql: (c) => each(c, [query]) }),
      );
      g.task("t", redshiftSql({ redshift, sql: (c) => inside(c, query) }));
    }));

  it("githubToS3", () =>
    compiles(() => {
      d.task("t", githubToS3({ ...extract, key: (c) => bare(c, "a") }));
      d.task("t", {}, githubToS3({ ...extract, key: (c) => bare(c, "a") }));
      d.task("t", { inputs: { rows } }, githubToS3({ ...extract, key: (c) => named(c, "a") }));
      d.task(
        "t",
        { each: files, inputs: { rows } },
        githubToS3({
          ...extract,
          org: (c) => each(c, ""),
          bucket: (c) => each(c, ""),
          key: (c) => each(c, "a"),
        }),
      );
      g.task("t", githubToS3({ ...extract, key: (c) => inside(c, "a") }));
    }));

  it("bigquerySql", () =>
    compiles(() => {
      d.task("t", bigquerySql({ bigquery, sql: (c) => bare(c, query) }));
      d.task("t", {}, bigquerySql({ bigquery, sql: (c) => bare(c, query) }));
      d.task("t", { inputs: { rows } }, bigquerySql({ bigquery, sql: (c) => named(c, query) }));
      d.task(
        "t",
        { each: files, inputs: { rows } },
        bigquerySql({ bigquery: (c) => each(c, ""), sql: (c) => each(c, [query]) }),
      );
      g.task("t", bigquerySql({ bigquery, sql: (c) => inside(c, query) }));
    }));

  it("bigqueryLoad", () =>
    compiles(() => {
      d.task("t", bigqueryLoad({ bigquery, ...append, from: (c) => bare(c, "gs://a/b") }));
      d.task("t", {}, bigqueryLoad({ bigquery, ...append, from: (c) => bare(c, "gs://a/b") }));
      d.task(
        "t",
        { inputs: { rows } },
        bigqueryLoad({ bigquery, ...append, from: (c) => named(c, "gs://a/b") }),
      );
      d.task(
        "t",
        { each: files, inputs: { rows } },
        bigqueryLoad({
          ...append,
          bigquery: (c) => each(c, ""),
          from: (c) => each(c, ["gs://a/b"]),
          table: (c) => each(c, "d.t"),
        }),
      );
      g.task("t", bigqueryLoad({ bigquery, ...append, from: (c) => inside(c, "gs://a/b") }));
    }));

  it("bigqueryExtract", () =>
    compiles(() => {
      d.task("t", bigqueryExtract({ bigquery, table: "d.t", to: (c) => bare(c, "gs://a/b") }));
      d.task("t", {}, bigqueryExtract({ bigquery, table: "d.t", to: (c) => bare(c, "gs://a/b") }));
      d.task(
        "t",
        { inputs: { rows } },
        bigqueryExtract({ bigquery, table: "d.t", to: (c) => named(c, "gs://a/b") }),
      );
      d.task(
        "t",
        { each: files, inputs: { rows } },
        bigqueryExtract({
          bigquery: (c) => each(c, ""),
          table: (c) => each(c, "d.t"),
          to: (c) => each(c, "gs://a/b"),
        }),
      );
      g.task("t", bigqueryExtract({ bigquery, table: "d.t", to: (c) => inside(c, "gs://a/b") }));
    }));

  it("bigqueryDataset", () =>
    compiles(() => {
      d.task("t", bigqueryDataset({ bigquery, dataset: (c) => bare(c, "taxi") }));
      d.task("t", {}, bigqueryDataset({ bigquery, dataset: (c) => bare(c, "taxi") }));
      d.task(
        "t",
        { inputs: { rows } },
        bigqueryDataset({ bigquery, dataset: (c) => named(c, "taxi") }),
      );
      d.task(
        "t",
        { each: files, inputs: { rows } },
        bigqueryDataset({ bigquery: (c) => each(c, ""), dataset: (c) => each(c, "taxi") }),
      );
      g.task("t", bigqueryDataset({ bigquery, dataset: (c) => inside(c, "taxi") }));
    }));

  it("bigqueryTable", () =>
    compiles(() => {
      d.task("t", bigqueryTable({ bigquery, columns: [], table: (c) => bare(c, "d.t") }));
      d.task("t", {}, bigqueryTable({ bigquery, columns: [], table: (c) => bare(c, "d.t") }));
      d.task(
        "t",
        { inputs: { rows } },
        bigqueryTable({ bigquery, columns: [], table: (c) => named(c, "d.t") }),
      );
      d.task(
        "t",
        { each: files, inputs: { rows } },
        bigqueryTable({ bigquery: (c) => each(c, ""), columns: [], table: (c) => each(c, "d.t") }),
      );
      g.task("t", bigqueryTable({ bigquery, columns: [], table: (c) => inside(c, "d.t") }));
    }));

  it("kafkaProduce", () =>
    compiles(() => {
      const kafka = "events";
      d.task("t", kafkaProduce({ kafka, topic: (c) => bare(c, "a"), messages: [] }));
      d.task("t", {}, kafkaProduce({ kafka, topic: "a", messages: (c) => bare(c, []) }));
      d.task(
        "t",
        { inputs: { rows } },
        kafkaProduce({ kafka, topic: "a", messages: (c) => named(c, [{ value: c.inputs.rows }]) }),
      );
      d.task(
        "t",
        { each: files, inputs: { rows } },
        kafkaProduce({ kafka: (c) => each(c, ""), topic: (c) => each(c, ""), messages: [] }),
      );
      g.task("t", kafkaProduce({ kafka, topic: "a", messages: (c) => inside(c, []) }));
    }));

  it("sqsSend", () =>
    compiles(() => {
      const aws = "aws";
      d.task("t", sqsSend({ aws, queue: (c) => bare(c, "a"), messages: [] }));
      d.task("t", {}, sqsSend({ aws, queue: "a", messages: (c) => bare(c, []) }));
      d.task(
        "t",
        { inputs: { rows } },
        sqsSend({ aws, queue: "a", messages: (c) => named(c, [{ body: c.inputs.rows }]) }),
      );
      d.task(
        "t",
        { each: files, inputs: { rows } },
        sqsSend({ aws: (c) => each(c, ""), queue: (c) => each(c, ""), messages: [] }),
      );
      g.task("t", sqsSend({ aws, queue: "a", messages: (c) => inside(c, []) }));
    }));

  it("snsPublish", () =>
    compiles(() => {
      const aws = "aws";
      d.task("t", snsPublish({ aws, topic: (c) => bare(c, "a"), messages: [] }));
      d.task("t", {}, snsPublish({ aws, topic: "a", messages: (c) => bare(c, []) }));
      d.task(
        "t",
        { inputs: { rows } },
        snsPublish({ aws, topic: "a", messages: (c) => named(c, [{ body: c.inputs.rows }]) }),
      );
      d.task(
        "t",
        { each: files, inputs: { rows } },
        snsPublish({ aws: (c) => each(c, ""), topic: (c) => each(c, ""), messages: [] }),
      );
      g.task("t", snsPublish({ aws, topic: "a", messages: (c) => inside(c, []) }));
    }));

  it("mysqlSql", () =>
    compiles(() => {
      d.task("t", mysqlSql({ mysql, sql: (c) => bare(c, query) }));
      d.task("t", {}, mysqlSql({ mysql, sql: (c) => bare(c, query) }));
      d.task("t", { inputs: { rows } }, mysqlSql({ mysql, sql: (c) => named(c, query) }));
      d.task(
        "t",
        { each: files, inputs: { rows } },
        mysqlSql({ mysql: (c) => each(c, ""), sql: (c) => each(c, [query]) }),
      );
      g.task("t", mysqlSql({ mysql, sql: (c) => inside(c, query) }));
    }));

  it("mysqlSensor", () =>
    compiles(() => {
      d.sensor("t", mysqlSensor({ mysql, sql: (c) => bare(c, query) }));
      d.sensor("t", {}, mysqlSensor({ mysql, sql: (c) => bare(c, query) }));
      d.sensor("t", { inputs: { rows } }, mysqlSensor({ mysql, sql: (c) => named(c, query) }));
      d.sensor(
        "t",
        { each: files, inputs: { rows } },
        mysqlSensor({
          mysql: (c) => each(c, ""),
          sql: (c) => each(c, query),
          until: (_, c) => each(c, true),
        }),
      );
      g.sensor("t", mysqlSensor({ mysql, sql: (c) => inside(c, query) }));
    }));

  it("snowflakeSql", () =>
    compiles(() => {
      d.task("t", snowflakeSql({ snowflake, sql: (c) => bare(c, query) }));
      d.task("t", {}, snowflakeSql({ snowflake, sql: (c) => bare(c, query) }));
      d.task("t", { inputs: { rows } }, snowflakeSql({ snowflake, sql: (c) => named(c, query) }));
      d.task(
        "t",
        { each: files, inputs: { rows } },
        snowflakeSql({ snowflake: (c) => each(c, ""), sql: (c) => each(c, [query]) }),
      );
      g.task("t", snowflakeSql({ snowflake, sql: (c) => inside(c, query) }));
    }));

  it("snowflakeCopy", () =>
    compiles(() => {
      const load = { ...stage, loadType: "append" } as const;
      d.task("t", snowflakeCopy({ ...load, from: (c) => bare(c, "") }));
      d.task("t", {}, snowflakeCopy({ ...load, table: (c) => bare(c, "") }));
      d.task("t", { inputs: { rows } }, snowflakeCopy({ ...load, pattern: (c) => named(c, "") }));
      d.task(
        "t",
        { each: files, inputs: { rows } },
        snowflakeCopy({ ...load, snowflake: (c) => each(c, ""), from: (c) => each(c, "") }),
      );
      g.task("t", snowflakeCopy({ ...load, from: (c) => inside(c, "") }));
    }));

  it("snowflakeSensor", () =>
    compiles(() => {
      d.sensor("t", snowflakeSensor({ snowflake, sql: (c) => bare(c, query) }));
      d.sensor("t", {}, snowflakeSensor({ snowflake, sql: (c) => bare(c, query) }));
      d.sensor(
        "t",
        { inputs: { rows } },
        snowflakeSensor({ snowflake, sql: (c) => named(c, query) }),
      );
      d.sensor(
        "t",
        { each: files, inputs: { rows } },
        snowflakeSensor({
          snowflake: (c) => each(c, ""),
          sql: (c) => each(c, query),
          until: (_, c) => each(c, true),
        }),
      );
      g.sensor("t", snowflakeSensor({ snowflake, sql: (c) => inside(c, query) }));
    }));

  it("waitFor", () =>
    compiles(() => {
      d.task(
        "t",
        waitFor((c) => bare(c, "5m")),
      );
      d.task(
        "t",
        {},
        waitFor((c) => bare(c, "5m")),
      );
      d.task(
        "t",
        { inputs: { rows } },
        waitFor((c) => named(c, "5m")),
      );
      d.task(
        "t",
        { each: files, inputs: { rows } },
        waitFor((c) => each(c, "5m")),
      );
      g.task(
        "t",
        waitFor((c) => inside(c, "5m")),
      );
    }));

  it("waitUntil", () =>
    compiles(() => {
      d.task(
        "t",
        waitUntil((c) => bare(c, "2026-01-01")),
      );
      d.task(
        "t",
        {},
        waitUntil((c) => bare(c, "2026-01-01")),
      );
      d.task(
        "t",
        { inputs: { rows } },
        waitUntil((c) => named(c, "2026-01-01")),
      );
      d.task(
        "t",
        { each: files, inputs: { rows } },
        waitUntil((c) => each(c, "2026-01-01")),
      );
      g.task(
        "t",
        waitUntil((c) => inside(c, "2026-01-01")),
      );
    }));

  it("externalRun", () =>
    compiles(() => {
      d.task("t", externalRun({ dag, at: (c) => bare(c, "2026-01-01") }));
      d.task("t", {}, externalRun({ dag, at: (c) => bare(c, "2026-01-01") }));
      d.task("t", { inputs: { rows } }, externalRun({ dag, at: (c) => named(c, "2026-01-01") }));
      d.task(
        "t",
        { each: files, inputs: { rows } },
        externalRun({ dag, at: (c) => each(c, "2026-01-01") }),
      );
      g.task("t", externalRun({ dag, at: (c) => inside(c, "2026-01-01") }));
    }));

  it("an operator of one's own", () =>
    compiles(() => {
      d.task("t", shout({ text: (c) => bare(c, "a") }));
      d.task("t", {}, shout({ text: (c) => bare(c, "a") }));
      d.task("t", { inputs: { rows } }, shout({ text: (c) => named(c, "a") }));
      d.task(
        "t",
        { each: files, inputs: { rows } },
        shout({ text: (c) => each(c, "a"), until: (_, c) => each(c, true) }),
      );
      g.task("t", shout({ text: (c) => inside(c, "a") }));
    }));
});

describe("whatever else is given: the context of", () => {
  it("a task with other options", () =>
    compiles(() => {
      d.task("t", { retries: 1 }, shout({ text: (c) => bare(c, "") }));
      d.task("t", { retryIf: (e) => e.name === "x" }, shout({ text: (c) => bare(c, "") }));
      d.task("t", { concurrencyKey: (c) => bare(c, "") }, shout({ text: (c) => bare(c, "") }));
      d.task("t", { inputs: { rows }, triggerRule }, shout({ text: (c) => maybe(c, "") }));
      d.task("t", { ...shared, inputs: { rows } }, shout({ text: (c) => named(c, "") }));
      d.task(
        "t",
        { each: files, inputs: { rows }, label: ({ item }) => item },
        shout({ text: (c) => each(c, "") }),
      );
      g.task("t", { allowFailure: true }, shout({ text: (c) => inside(c, "") }));
    }));

  it("tasks of every kind", () =>
    compiles(() => {
      d.setup("t", { retries: 1 }, shout({ text: (c) => bare(c, "") }));
      d.setup("t", { inputs: { rows } }, shout({ text: (c) => named(c, "") }));
      d.teardown("t", { setups: rows }, shout({ text: (c) => bare(c, "") }));
      d.teardown("t", { inputs: { rows } }, shout({ text: (c) => maybe(c, "") }));
      d.shortCircuit("t", { retries: 1 }, shout({ text: (c) => bare(c, "") }));
      d.shortCircuit("t", { inputs: { rows } }, shout({ text: (c) => named(c, "") }));
      d.branch("t", { retries: 1 }, shout({ text: (c) => bare(c, "") }));
      d.branch("t", { inputs: { rows } }, shout({ text: (c) => named(c, "") }));
      d.switch("t", { cases: { a: rows } }, only({ value: (c) => bare(c, "a") }));
      d.switch(
        "t",
        { cases: { a: rows }, inputs: { rows } },
        only({ value: (c) => named(c, "a") }),
      );
      d.sensor(
        "t",
        { inputs: { rows }, triggerRule },
        sqlSensor({ postgres, sql: (c) => maybe(c, query) }),
      );
      d.loop(
        "t",
        { initial: "", until, maxIterations: 2 },
        ({ inputs, previous }) => expectTypeOf(inputs).toEqualTypeOf<None>() && previous,
      );
    }));

  it("options that are kept in a variable", () =>
    compiles(() => {
      const plain: TaskOptions<{ rows: typeof rows }, "all_success", false, Params> = {
        inputs: { rows },
      };
      const mapped: MappedTaskOptions<{ rows: typeof rows }, string, "all_success", Params> = {
        each: files,
        inputs: { rows },
      };
      expectTypeOf(d.task("t", plain, shout({ text: (c) => named(c, "") }))).toEqualTypeOf<
        TaskRef<string>
      >();
      expectTypeOf(d.task("t", mapped, shout({ text: (c) => each(c, "") }))).toEqualTypeOf<
        TaskRef<string[]>
      >();
    }));
});

it("another context does not compile", () =>
  compiles(() => {
    // @ts-expect-error the task names no inputs
    d.task("t", {}, shout({ text: ({ inputs }) => inputs.rows }));
    // @ts-expect-error the task has no item
    d.task("t", { inputs: { rows } }, shout({ text: ({ item }) => item.name }));
    // @ts-expect-error the DAG has no such param
    d.task("t", { retries: 1 }, shout({ text: ({ params }) => params.month }));
    // @ts-expect-error the item of a mapped task
    d.task("t", { inputs: { rows } }, shout({ text: (c) => each(c, "a") }));
  }));
