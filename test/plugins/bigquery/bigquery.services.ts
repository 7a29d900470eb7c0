/** BigQuery against local-bigquery: queries, loads, merges and extracts as jobs. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { dag, FailTask, identifier, type Sql, sql, type TaskBody } from "dagsmith";
import {
  type BigqueryLoadOptions,
  bigqueryDataset,
  bigqueryExtract,
  bigqueryHook,
  bigqueryLoad,
  bigquerySql,
  bigqueryTable,
} from "dagsmith/plugins/bigquery";
import { connectionTypes } from "dagsmith/plugins/google";
import { runDag, runTask, testFile } from "dagsmith/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeWith } from "../../support/counterpart.ts";
import { findLocalBigquery, startLocalBigquery } from "../../support/local_bigquery.ts";
import { until } from "../../support/until.ts";

type Started = Awaited<ReturnType<typeof startLocalBigquery>>;
type Context = Parameters<TaskBody>[0];

describeWith("BigQuery as local-bigquery", await findLocalBigquery(), (program) => {
  let server: Started;
  const connection = () => ({
    type: "google_cloud_platform",
    extra: { project: "lake", bigquery_api_endpoint: server.url },
  });
  const connections = () => ({ lake: connection() });
  const run = async <Output>(body: TaskBody<Output>, signal?: AbortSignal) =>
    (await runTask(body, { connections: connections(), ...(signal && { signal }) }))
      .output as Output;
  const query = (statement: Sql) =>
    run(async ({ hook }) => (await hook(bigqueryHook("lake"))).query(statement));
  const rejected = (body: TaskBody) =>
    run(body).then(
      () => expect.unreachable("it succeeded"),
      (error: Error) => error,
    );
  const bigquery = "lake";
  const load = (options: Without<BigqueryLoadOptions<Context>, "bigquery">) =>
    bigqueryLoad({ bigquery, ...options } as BigqueryLoadOptions<Context>);
  const objectAt = async (key: string, text: string | Uint8Array) => {
    await mkdir(join(server.gcs, "lake"), { recursive: true });
    await writeFile(join(server.gcs, "lake", key), text);
    return `gs://lake/${key}`;
  };
  const jobsWith = async (wanted: Readonly<Record<string, string>>) => {
    const listed = await fetch(`${server.url}/bigquery/v2/projects/lake/jobs?projection=full`);
    const { jobs = [] } = (await listed.json()) as { jobs?: JobLine[] };
    return jobs.filter(({ configuration }) =>
      Object.entries(wanted).every(([name, value]) => configuration?.labels?.[name] === value),
    );
  };
  const jobsOf = (dagId: string) => jobsWith({ dag: dagId });

  const stored = async (table: string) =>
    (await fetch(`${server.url}/bigquery/v2/projects/lake/datasets/taxi/tables/${table}`)).json();

  beforeAll(async () => {
    server = await startLocalBigquery(program);
    await run(bigqueryDataset({ bigquery, dataset: "taxi" }));
  });
  afterAll(() => server.stop());

  describe("what is refused", () => {
    test.each([
      [sql`selec 1`, /^BigQuery query: .*Syntax error/],
      [sql`select * from taxi.nope`, /^BigQuery query: Not found: .*; check the names/],
      [sql`select cast(${"x"} as int64)`, /^BigQuery query: .*\(invalid/],
    ])("a statement that cannot run fails the task: %#", async (statement, message) => {
      const error = await rejected(bigquerySql({ bigquery, sql: statement }));
      expect(error).toMatchObject({
        name: "FailTask",
        message: expect.stringMatching(message),
      });
    });

    test("a dry run of a wrong statement names the place", async () => {
      const error = await rejected(async ({ hook }) =>
        (await hook(bigqueryHook("lake"))).dryRun(sql`select nope from taxi.nope`),
      );
      expect(error.message).toMatch(/^BigQuery dry run: \d+ /);
    });

    test("a file that does not fit leaves the table as it was", async () => {
      const columns = [{ name: "n", type: "INT64" }];
      const [good, bad] = [await objectAt("g.csv", "n\n1\n"), await objectAt("b.csv", "n\n2\nx\n")];
      await run(load({ from: good, table: "taxi.whole", columns, loadType: "append" }));
      const error = await rejected(
        load({ from: bad, table: "taxi.whole", columns, loadType: "truncate" }) as TaskBody,
      );
      expect(error).toMatchObject({
        name: "FailTask",
        message: expect.stringMatching(/^BigQuery load: /),
      });
      expect(await query(sql`select n from taxi.whole`)).toEqual([{ n: 1 }]);
    });

    test("a failure of the rows ends the upload and begins no job", async () => {
      const rows = async function* () {
        yield { n: 1 };
        throw new FailTask("the source broke");
      };
      const task = load({ from: rows, table: "taxi.broken", loadType: "append" });
      expect((await rejected(task as TaskBody)).message).toBe("the source broke");
      const columns = await run(async ({ hook }) =>
        (await hook(bigqueryHook("lake"))).columns("taxi.broken"),
      );
      expect(columns).toBeNull();
    });
  });

  describe("a query", () => {
    test("binds its values with their types", async () => {
      const [row] = await query(sql`select ${"a'b\\"} as s, ${7} as n, ${2.5} as f, ${true} as b,
        ${null} as nothing, ${[1, 2]} as list, ${new Uint8Array([1, 255])} as bytes,
        ${2n ** 62n} as large, cast(${new Date("2026-01-02T03:04:05.678Z")} as timestamp) as t`);
      expect(row).toEqual({
        ...{ s: "a'b\\", n: 7, f: 2.5, b: true, nothing: null, list: [1, 2], bytes: "Af8=" },
        ...{ large: String(2n ** 62n), t: "2026-01-02T03:04:05.678+00:00" },
      });
    });

    test("reads values of all types as JSON", async () => {
      const rows =
        await query(sql`select timestamp '1969-12-31 23:59:59.5 UTC' as t, date '2026-01-02' as d,
        datetime '2026-01-02 03:04:05' as dt, numeric '1.50' as dec, cast('nan' as float64) as nan,
        [struct(1 as a, 'x' as b)] as list, json '{"a":1}' as j, cast(null as string) as nothing`);
      expect(rows).toEqual([
        {
          ...{ t: "1969-12-31T23:59:59.5+00:00", d: "2026-01-02", dt: "2026-01-02T03:04:05" },
          ...{ dec: "1.5", nan: "NaN", list: [{ a: 1, b: "x" }], j: '{"a":1}', nothing: null },
        },
      ]);
    });

    test("quotes its names, and reads all pages", async () => {
      await run(
        bigquerySql({
          bigquery,
          sql: sql`create table ${identifier("taxi", "a b")} (${identifier("select")} int64)`,
        }),
      );
      await run(
        bigquerySql({
          bigquery,
          sql: sql`insert into ${identifier("taxi", "a b")} select n from unnest(generate_array(1, 30000)) as n`,
        }),
      );
      const rows = await query(
        sql`select ${identifier("select")} from ${identifier("taxi", "a b")}`,
      );
      expect(rows).toHaveLength(30_000);
    });

    test("says how many bytes it would read, and runs nothing", async () => {
      const dry = run(async ({ hook }) => (await hook(bigqueryHook("lake"))).dryRun(sql`select 1`));
      expect(await dry).toEqual({ bytes: expect.any(Number) });
    });

    test("counts the rows that it changed", async () => {
      const statements = [
        sql`create or replace table taxi.counted as select n from unnest([1, 2, 3]) as n`,
        sql`update taxi.counted set n = n + 10 where n > ${1}`,
      ];
      await run(bigquerySql({ bigquery, sql: statements }));
      const deleted = await run(
        bigquerySql({ bigquery, sql: sql`delete from taxi.counted where n > ${10}` }),
      );
      expect(deleted).toMatchObject({ rowCount: 2 });
    });
  });

  describe("a job", () => {
    test("is not run again by a retry, and has the labels of its task", async () => {
      const counter = sql`insert into taxi.once select 1`;
      await run(bigquerySql({ bigquery, sql: sql`create or replace table taxi.once (n int64)` }));
      const d = dag("joined_dag");
      d.task("insert", { retries: 1 }, async (context) => {
        await bigquerySql({ bigquery, sql: counter, labels: { Team: "Lake 1" } })(context);
        if (context.tryNumber === 1) throw new Error("the worker died");
      });
      const { state } = await runDag(d, { connections: connections() });
      expect(state).toBe("success");
      expect(await query(sql`select count(*) as n from taxi.once`)).toEqual([{ n: 1 }]);
      const jobs = await jobsOf("joined_dag");
      expect(jobs.map(({ configuration }) => configuration?.labels)).toEqual([
        { dag: "joined_dag", task: "insert", run: expect.any(String), team: "lake_1" },
      ]);
    });

    test("that failed is run again by a retry", async () => {
      await run(bigquerySql({ bigquery, sql: sql`drop table if exists taxi.late` }));
      const d = dag("again_dag");
      d.task("read", { retries: 1 }, async (context) => {
        const read = bigquerySql({ bigquery, sql: sql`select n from taxi.late` });
        if (context.tryNumber === 2) return read(context);
        await expect(read(context)).rejects.toThrow("Not found");
        await bigquerySql({ bigquery, sql: sql`create table taxi.late as select 1 as n` })(context);
        throw new Error("the worker died");
      });
      const { state } = await runDag(d, { connections: connections() });
      expect(state).toBe("success");
    });

    test("is cancelled with its task", async () => {
      const abort = new AbortController();
      const slow = sql`select count(*) from unnest(generate_array(1, 200000)) a, unnest(generate_array(1, 200000)) b where mod(a * b, 7) = 3`;
      const running = run(
        bigquerySql({ bigquery, sql: slow, labels: { slow: "yes" } }),
        abort.signal,
      );
      const ended = running.catch((error: unknown) => error);
      await until("the job runs", async () =>
        (await jobsWith({ slow: "yes" })).some(({ state }) => state === "RUNNING"),
      );
      abort.abort(new Error("cancelled"));
      expect(await ended).toMatchObject({ message: "cancelled" });
      await until("the job has ended", async () =>
        (await jobsWith({ slow: "yes" })).every(({ state }) => state === "DONE"),
      );
      expect(
        (await jobsWith({ slow: "yes" })).map(({ errorResult }) => errorResult?.reason),
      ).toEqual(["stopped"]);
    });
  });

  describe("a load", () => {
    const columns = [
      { name: "id", type: "INT64" },
      { name: "zone", type: "STRING" },
    ];
    const rowsIn = (table: string) =>
      query(sql`select id, zone from ${identifier(...table.split("."))} order by id`);

    test("creates the table, and appends files of Cloud Storage to it", async () => {
      const options = { table: "taxi.zones", columns, loadType: "append" } as const;
      const from = await objectAt("zones_1.csv", "id,zone\n1,north\n");
      expect(await run(load({ ...options, from }))).toEqual({ rows: 1, inserted: 1, updated: 0 });
      const zipped = await objectAt("zones_2.csv.gz", gzipSync("id,zone\n2,south\n"));
      await run(load({ ...options, from: [zipped] }));
      expect(await rowsIn("taxi.zones")).toEqual([
        { id: 1, zone: "north" },
        { id: 2, zone: "south" },
      ]);
    });

    test("takes rows of the task, adds their columns, and a truncate replaces them", async () => {
      const table = "taxi.rows";
      await run(
        load({ from: [{ id: 1 }], table, columns: columns.slice(0, 1), loadType: "append" }),
      );
      await run(load({ from: [{ id: 2, zone: "west" }], table, columns, loadType: "append" }));
      expect(await rowsIn(table)).toEqual([
        { id: 1, zone: null },
        { id: 2, zone: "west" },
      ]);
      await run(load({ from: [{ id: 3, zone: "east" }], table, loadType: "truncate" }));
      expect(await rowsIn(table)).toEqual([{ id: 3, zone: "east" }]);
      await run(load({ from: [{ other: 1 }], table, loadType: "rebuild" }));
      expect(await query(sql`select * from taxi.rows`)).toEqual([{ other: 1 }]);
    });

    test("takes a stored file", async () => {
      const file = testFile("zones.jsonl", '{"id":1,"zone":"n"}\n');
      const body = load({
        from: ({ inputs }) => (inputs as { file: typeof file.ref }).file,
        table: "taxi.stored",
        columns,
        loadType: "rebuild",
      });
      await runTask(body, {
        connections: connections(),
        inputs: { file: file.ref },
        files: [file],
      });
      expect(await rowsIn("taxi.stored")).toEqual([{ id: 1, zone: "n" }]);
    });

    test("of an upsert updates rows by their key, and older rows change nothing", async () => {
      const table = "taxi.upserted";
      const upsert = (...from: readonly object[]) =>
        run(
          load({
            from,
            table,
            columns,
            loadType: "upsert",
            primaryKey: "id",
            incrementalKey: "zone",
          }),
        );
      await upsert({ id: 1, zone: "b" }, { id: 1, zone: "a" }, { id: 2, zone: "c" });
      expect(await rowsIn(table)).toEqual([
        { id: 1, zone: "b" },
        { id: 2, zone: "c" },
      ]);
      expect(
        await upsert({ id: 1, zone: "a" }, { id: 2, zone: "d" }, { id: 3, zone: "e" }),
      ).toEqual({
        ...{ rows: 3, inserted: 1, updated: 1 },
      });
      expect(await rowsIn(table)).toEqual([
        { id: 1, zone: "b" },
        { id: 2, zone: "d" },
        { id: 3, zone: "e" },
      ]);
      const left = await query(
        sql`select table_name from taxi.INFORMATION_SCHEMA.TABLES where table_name like 'dagsmith%'`,
      );
      expect(left).toEqual([]);
    });

    test("an upsert creates its table with the layout, and loads without one", async () => {
      const laid = { partitionBy: "day", clusterBy: ["id"] };
      const d = dag("laid_dag");
      d.task(
        "load",
        load({
          ...{ from: [{ id: 1, day: "2026-01-02" }], table: "taxi.merged_by_day", ...laid },
          ...{ columns: [...columns.slice(0, 1), { name: "day", type: "DATE" }] },
          ...{ loadType: "upsert", primaryKey: "id" },
        }),
      );
      expect((await runDag(d, { connections: connections() })).state).toBe("success");
      const loads = (await jobsOf("laid_dag")).flatMap(
        ({ configuration }) => configuration?.load ?? [],
      );
      expect(loads).toHaveLength(1);
      expect(loads[0]).not.toHaveProperty("timePartitioning");
      expect(loads[0]).not.toHaveProperty("clustering");
      expect(await stored("merged_by_day")).toMatchObject({
        timePartitioning: { type: "DAY", field: "day" },
        clustering: { fields: ["id"] },
      });
    });

    test("an upsert that is tried again merges once", async () => {
      const d = dag("merged_dag");
      d.task("load", { retries: 1 }, async (context) => {
        const from = [{ id: 1, zone: "n" }];
        await load({ from, table: "taxi.merged", columns, loadType: "upsert", primaryKey: "id" })(
          context,
        );
        if (context.tryNumber === 1) throw new Error("the worker died");
      });
      expect((await runDag(d, { connections: connections() })).state).toBe("success");
      expect(await jobsOf("merged_dag")).toHaveLength(2);
    });
  });

  test("a table is created with its layout, and one that is there stays", async () => {
    const columns = [{ name: "day", type: "DATE" }];
    const table = bigqueryTable({
      bigquery,
      table: "taxi.laid",
      columns,
      partitionBy: "day",
      clusterBy: ["day"],
    });
    await run(table);
    await run(table);
    expect(await stored("laid")).toMatchObject({
      timePartitioning: { type: "DAY", field: "day" },
      clustering: { fields: ["day"] },
    });
  });

  test("an extract writes the rows of a table into files", async () => {
    await run(
      bigquerySql({
        bigquery,
        sql: sql`create or replace table taxi.out as select 1 as id, 'n' as zone`,
      }),
    );
    const result = await run(
      bigqueryExtract({ bigquery, table: "taxi.out", to: "gs://lake/out_*.csv" }),
    );
    expect(result).toEqual({ files: 1 });
    expect(await readFile(join(server.gcs, "lake/out_000000000000.csv"), "utf8")).toBe(
      "id,zone\n1,n\n",
    );
  });

  test("the test of the connection lists the datasets", async () => {
    const [type] = connectionTypes;
    const line = await run(({ signal, log }) =>
      type?.test(
        {
          id: "lake",
          host: null,
          port: null,
          login: null,
          password: null,
          schema: null,
          ...connection(),
        },
        { signal, log },
      ),
    );
    expect(line).toMatch(/^BigQuery at 127\.0\.0\.1:\d+, \d+ datasets of lake$/);
  });
});

/** Of each member of a union, where Omit takes what all have. */
type Without<Options, Name extends string> = Options extends unknown ? Omit<Options, Name> : never;

interface JobLine {
  readonly state: string;
  readonly errorResult?: { readonly reason: string };
  readonly configuration?: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly load?: Readonly<Record<string, unknown>>;
  };
}
