/** DuckDB in the process of a task: over files, for rows and for files. */
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dag, type FileRef, type Sql, sql, type TaskRef } from "dagsmith";
import { connectionTypes, duckdbFile, duckdbHook, duckdbSql } from "dagsmith/plugins/duckdb";
import { type RunTaskOptions, runDag, runTask, testFile } from "dagsmith/testing";
import { afterEach, beforeEach, describe, expect, expectTypeOf, test, vi } from "vitest";
import { z } from "zod";
import { until } from "../../support/until.ts";
import { errorWithout } from "../../support/without_package.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "duckdb-test-"));
  vi.stubEnv("TMPDIR", folder);
});
afterEach(() => rm(folder, { recursive: true }));

const rowsOf = async (statement: Sql | readonly Sql[], options: RunTaskOptions = {}) =>
  (await runTask(duckdbSql({ sql: statement }), options)).output;

async function failureOf(work: Promise<unknown>): Promise<Error> {
  return work.then(
    () => expect.unreachable("it succeeded"),
    (error: Error) => error,
  );
}

describe("what is refused", () => {
  test("a missing package is named with what installs it", async () => {
    const imports = `
      const { duckdbSql } = await import("dagsmith/plugins/duckdb");
      const { sql } = await import("dagsmith");`;
    const task = "duckdbSql({ sql: sql`select 1` })";
    expect(await errorWithout("@duckdb/node-api", imports, task)).toEqual([
      "PACKAGE_MISSING",
      "DuckDB needs the package @duckdb/node-api. Run: npm install @duckdb/node-api",
    ]);
  });

  test.each([
    [sql`selec 1`, 'Parser Error: syntax error at or near "selec" (line 1)'],
    [
      sql`select 1
      from nope`,
      "Catalog Error: Table with name nope does not exist! ",
    ],
    [sql`select ${"x"}::int`, "Conversion Error: Could not convert string 'x' to INT32"],
    [sql`select 1; select 2`, "one statement at a time, not 2. Give a list."],
  ])("SQL or data that a retry cannot help fails the task: %#", async (statement, message) => {
    const failure = await failureOf(rowsOf(statement));
    expect(failure).toMatchObject({ name: "FailTask", message: expect.stringContaining(message) });
  });

  test("a query that needs more memory than allowed names the limit to raise", async () => {
    const list = sql`select list(range) as all from range(30000000)`;
    const failure = failureOf(runTask(duckdbSql({ sql: list, memory: "30MB" })));
    expect(await failure).toMatchObject({
      name: "Error",
      message: expect.stringMatching(
        /^DuckDB \(in memory\): Out of Memory Error: .* Raise the memory of the task or of the connection \(memory_limit\)\.$/,
      ),
    });
  });

  test("an amount of memory that is none is refused where it is written", () => {
    for (const memory of ["lots", "80%", "-1GB", ""])
      expect(() => duckdbSql({ sql: sql`select 1`, memory })).toThrow(
        `duckdbSql(): memory is "${memory}"; allowed: an amount such as "512MB".`,
      );
  });

  test("a file that does not exist fails the try only: it may come", async () => {
    const task = duckdbSql({ sql: sql`select 1`, tables: { trips: join(folder, "none.csv") } });
    const failure = await failureOf(runTask(task));
    expect(failure).toMatchObject({ name: "Error" });
    expect(failure.message).toMatch(/^DuckDB \(in memory\): IO Error: No files found .*none\.csv/);
  });

  test.each([
    ["an ending that names no format", "a.xlsx", /the ending of "a.xlsx" names no format/],
    ["no files", [], 'The table "t" has no files.'],
    ["files of several formats", ["a.csv", "b.parquet"], "several formats: a.csv, b.parquet"],
  ])("a table of %s fails the task", async (_, files, message) => {
    const failure = failureOf(runTask(duckdbSql({ sql: sql`select 1`, tables: { t: files } })));
    expect(await failure).toMatchObject({ name: "FailTask" });
    expect((await failure).message).toMatch(message);
  });

  test("rows that do not fit their schema fail the task with the place", async () => {
    const task = duckdbSql({
      sql: sql`select 'many' as n`,
      output: z.array(z.object({ n: z.number() })),
    });
    const failure = await failureOf(runTask(task));
    expect(failure).toMatchObject({
      name: "FailTask",
      message: expect.stringMatching(/^The rows of DuckDB do not fit: 0\.n: /),
    });
  });
});

test("a statement is interrupted when the try is stopped, and leaves no file behind", async () => {
  const abort = new AbortController();
  const endless = sql`select n from range(1000000000000) as r(n) where n % 1000 = 0`;
  const task = duckdbFile({ sql: endless, name: "endless.csv" });
  const failure = failureOf(runTask(task, { signal: abort.signal }));
  await until("the file of the statement", async () =>
    (await readdir(folder, { recursive: true })).some((path) => path.endsWith(".csv")),
  );
  abort.abort(new Error("cancelled by a person"));
  expect((await failure).message).toBe("cancelled by a person");
  expect(await readdir(folder)).toEqual([]);
});

describe("values", () => {
  test("are bound by their types, and never become part of the text", async () => {
    const bound = sql`select ${"a' or 1=1"} as text, ${2 ** 40} as whole, ${1.5} as half, ${true} as yes,
      ${null} as nothing, ${12345678901234567890n} as large, ${[1, 2.5]} as list, ${["a", null]} as texts,
      ${new Uint8Array([0, 255])} as bytes, ${[]} as none`;
    expect(await rowsOf(bound)).toEqual([
      {
        ...{ text: "a' or 1=1", whole: String(2 ** 40), half: 1.5, yes: true, nothing: null },
        ...{ large: "12345678901234567890", list: [1, 2.5], texts: ["a", null], bytes: "AP8=" },
        none: [],
      },
    ]);
  });

  test("come as JSON has them, exact and in UTC", async () => {
    const read = sql`select 9007199254740993::bigint as large, 0.10::decimal(4,2) as price, 'nan'::double as nan,
      date '2020-02-03' as day, timestamp '2020-02-03 04:05:06.7' as moment, '2020-02-03 04:05:06+02'::timestamptz as utc,
      interval '1 year 2 days -1.5 seconds' as span, interval '0 days' as none, {'a': [1::bigint]} as nested,
      map {'k': timestamp '2020-02-03 00:00:00'} as pairs, 'infinity'::timestamptz as ever`;
    expect(await rowsOf(read)).toEqual([
      {
        ...{ large: "9007199254740993", price: "0.10", nan: "NaN", day: "2020-02-03" },
        ...{ moment: "2020-02-03T04:05:06.7", utc: "2020-02-03T02:05:06+00:00" },
        ...{ span: "P12M2DT-1.5S", none: "PT0S", nested: { a: ["1"] }, ever: "infinity" },
        pairs: [{ key: "k", value: "2020-02-03T00:00:00" }],
      },
    ]);
  });

  test("that are dates select by day", async () => {
    const statement = ({ logicalDate }: { logicalDate: Parameters<typeof sql>[1] }) =>
      sql`select count(*)::int as n from range(date '2026-01-01', date '2026-01-11', interval 1 day) as d(day) where day >= ${logicalDate}::timestamptz`;
    const { output } = await runTask(duckdbSql({ sql: statement }), {
      logicalDate: "2026-01-08T00:00:00Z",
    });
    expect(output).toEqual([{ n: 3 }]);
  });
});

describe("files", () => {
  const csv = testFile("it's a file.csv", "id,name\n1,one\n2,\n");

  test.each([["csv"], ["tsv"], ["jsonl"], ["json.gz"], ["csv.zst"], ["parquet"]])(
    "that one task writes as %s are tables of the next",
    async (ending) => {
      const d = dag("files");
      const made = d.task(
        "make",
        duckdbFile({
          name: `made.${ending}`,
          sql: () => sql`select n as id, 'row ' || n as name from range(${3}) as r(n)`,
        }),
      );
      d.task(
        "read",
        { inputs: { made } },
        duckdbSql({
          tables: ({ inputs }) => ({ "My Table": inputs.made }),
          sql: sql`select id::int as id, name from "My Table" where id > 0 order by id`,
        }),
      );
      const { xcom, files } = await runDag(d);
      expect(xcom("read")).toEqual([
        { id: 1, name: "row 1" },
        { id: 2, name: "row 2" },
      ]);
      expect(files.map(({ ref }) => ref.name)).toEqual([`made.${ending}`]);
      expect(await readdir(folder)).toEqual([]);
    },
  );

  test("are read by any name, and several of them as one table", async () => {
    const more = testFile("more.csv", "id,name\n3,three\n");
    const task = duckdbSql({
      tables: { rows: [csv.ref, more.ref] },
      sql: sql`select sum(id)::int as sum, count(name)::int as named from rows`,
    });
    expect((await runTask(task, { files: [csv, more] })).output).toEqual([{ sum: 6, named: 2 }]);
  });
});

describe("a database file", () => {
  const connections = () => ({ lake: `duckdb://${encodeURIComponent(join(folder, "lake.db"))}` });

  test("keeps tables from task to task, and a failed list of statements changes nothing", async () => {
    const task = (statements: readonly Sql[]) =>
      runTask(duckdbSql({ duckdb: "lake", sql: statements }), { connections: connections() });
    await task([sql`create table t (n int)`, sql`insert into t values (1)`]);
    await failureOf(task([sql`insert into t values (2)`, sql`insert into t values ('x')`]));
    expect((await task([sql`select n from t`])).output).toEqual([{ n: 1 }]);
  });

  test("counts rows by its hook", async () => {
    const counts = await runTask(
      async ({ hook }) => {
        const lake = await hook(duckdbHook("lake"));
        await lake.execute(sql`create table t as select * from range(5)`);
        const read = await lake.execute(sql`select * from t`);
        const deleted = await lake.execute(sql`delete from t where range < ${2}`);
        const copied = await lake.copyTo(sql`select * from t`, join(folder, "t.csv"));
        return [read, deleted, copied].map(({ rowCount }) => rowCount);
      },
      { connections: connections() },
    );
    expect(counts.output).toEqual([5, 2, 3]);
  });

  test("is tested without being made", async () => {
    const [type] = connectionTypes;
    const context = { signal: new AbortController().signal, log: console };
    const connection = (host: string) => ({
      ...{ id: "lake", type: "duckdb", host, port: null, login: null, password: null },
      ...{ schema: null, extra: {} },
    });
    const path = join(folder, "absent.db");
    await expect(type?.test(connection(path), context)).rejects.toThrow(
      `DuckDB (${path}): IO Error`,
    );
    expect(existsSync(path)).toBe(false);
    expect(await type?.test(connection(""), context)).toMatch(/^DuckDB v1\.\S+, in memory$/);
  });
});

test("its fields know inputs and params, and its output has the type of its schema", () => {
  const d = dag("types", { params: z.object({ day: z.string() }) });
  const trips = d.task("trips", () => ({}) as FileRef);
  const rows = d.task(
    "rows",
    { inputs: { trips } },
    duckdbSql({
      tables: ({ inputs }) => ({ trips: inputs.trips }),
      sql: ({ params }) => sql`select 1 as n from trips where day = ${params.day}`,
      output: z.array(z.object({ n: z.number() })),
    }),
  );
  expectTypeOf(rows).toEqualTypeOf<TaskRef<{ n: number }[]>>();
  const file = d.task("file", duckdbFile({ sql: sql`select 1`, name: "a.parquet" }));
  expectTypeOf(file).toEqualTypeOf<TaskRef<FileRef>>();
});

test("the operators report their statements with their values", async () => {
  const rows = await runTask(duckdbSql({ sql: sql`select ${3} as n` }));
  expect(rows.rendered).toEqual({ sql: "select $1 as n", "sql values": [3] });
  const file = await runTask(duckdbFile({ sql: sql`select 1 as n`, name: "n.csv" }));
  expect(file.rendered).toEqual({ sql: "select 1 as n", file: "n.csv" });
});
