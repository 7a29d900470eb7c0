/** Loads into a real PostgreSQL. */

import type { Json } from "dagsmith";
import {
  type Column,
  type LoadResult,
  type LoadTarget,
  loadTable,
  postgresHook,
  readCsv,
  readJsonLines,
} from "dagsmith/plugins/postgres";
import { runTask } from "dagsmith/testing";
import { Client } from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { MemoryMark } from "../../support/memory.ts";
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

const columns: readonly Column[] = [
  { name: "id", type: "bigint" },
  { name: "name", type: "text" },
  { name: "at", type: "timestamptz" },
];
const trips = { schema: "lake", table: "trips", columns };

async function* bytes(...texts: readonly string[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text);
}
const jsonLines = (rows: readonly Json[]): AsyncIterable<Buffer> =>
  bytes(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));

async function load(
  target: LoadTarget,
  source: readonly Json[] | AsyncIterable<Uint8Array>,
  format: "json" | "csv" = "json",
) {
  const stream = Array.isArray(source)
    ? jsonLines(source as Json[])
    : (source as AsyncIterable<Uint8Array>);
  const rows = format === "json" ? readJsonLines(stream) : readCsv(stream);
  return runTask<LoadResult>(
    async ({ hook, log }) => loadTable(await hook(postgresHook("lake")), target, rows, log),
    {
      connections: { lake: database.url },
    },
  );
}

const select = async (text: string): Promise<unknown[]> =>
  (await observer.query({ text, rowMode: "array" })).rows.map((row: unknown[]) => row.map(String));
const leftovers = () =>
  select(
    "select relname from pg_class where relname like 'dagsmith%' and relname <> 'dagsmith_loads' and relkind = 'r'",
  );

describe("into a table that is missing", () => {
  test("creates schema and table, folds names to lower case, and leaves what is missing null", async () => {
    const target = {
      schema: "Lake",
      table: "Trips",
      columns: [...columns, { name: "Extra", type: "integer" }] as const,
      loadType: "rebuild" as const,
    };
    const { output, log } = await load(target, [
      { ID: 1, name: "a\tb\\N\n", at: "2018-01-05T04:00:00Z", other: 1 },
      { id: "2" },
    ]);
    expect(output).toEqual({ rows: 2, inserted: 2, updated: 0 });
    expect(log.map(({ text }) => text)).toEqual([
      'no row has a value for "extra", which stay null',
      "loaded 2 rows into lake.trips: 2 inserted, 0 updated",
    ]);
    expect(
      await select(
        "select id, name, at at time zone 'UTC' = '2018-01-05 04:00', extra from lake.trips order by id",
      ),
    ).toEqual([
      ["1", "a\tb\\N\n", "true", "null"],
      ["2", "null", "null", "null"],
    ]);
  });

  test("without columns fails with a sentence that says so", async () => {
    await expect(
      load({ schema: "lake", table: "trips", loadType: "truncate" }, []),
    ).rejects.toThrow(
      "The table lake.trips does not exist and the load names no columns to create it with.",
    );
  });

  test("no rows make an empty table", async () => {
    expect((await load({ ...trips, loadType: "rebuild" }, [])).output).toEqual({
      rows: 0,
      inserted: 0,
      updated: 0,
    });
    expect(await select("select * from lake.trips")).toEqual([]);
  });

  test("loads that run at the same time into one new schema do not trip over each other", async () => {
    const tables = ["a", "b", "c", "d", "e", "f", "g", "h"].map((table) =>
      load({ ...trips, table, loadType: "append", loadId: "run/task" }, [{ id: 1 }]),
    );
    const outputs = (await Promise.all(tables)).map(({ output }) => output.inserted);
    expect(outputs).toEqual(tables.map(() => 1));
  });

  test.each([
    ["append", [["1"], ["2"]]],
    ["truncate", [["1"]]],
    ["rebuild", [["1"]]],
  ] as const)("that another load creates meanwhile, by %s", async (loadType, expected) => {
    const first = { ...trips, loadType, loadId: "first" };
    async function* source(): AsyncGenerator<Buffer> {
      yield Buffer.from('{"id": 1}\n');
      await load({ ...trips, loadType: "append", loadId: "second" }, [{ id: 2 }]);
    }
    expect((await load(first, source())).output.inserted).toBe(1);
    expect(await select("select id from lake.trips order by id")).toEqual(expected);
    expect(await leftovers()).toEqual([]);
  });

  test("a source that fails leaves no table", async () => {
    async function* source(): AsyncGenerator<Buffer> {
      yield Buffer.from('{"id": 1}\n');
      throw new Error("the source broke");
    }
    await expect(load({ ...trips, loadType: "rebuild" }, source())).rejects.toThrow(
      "the source broke",
    );
    expect(await leftovers()).toEqual([]);
    expect(await select("select 1 from pg_class where relname = 'trips'")).toEqual([]);
  });
});

describe("rebuild", () => {
  test("replaces rows and columns; readers see the old rows until its end", async () => {
    await load({ ...trips, loadType: "rebuild", primaryKey: "id" }, [{ id: 1, name: "old" }]);
    let seenMidway: unknown[] = [];
    async function* source(): AsyncGenerator<Buffer> {
      yield Buffer.from('{"id": 2, "city": "Berlin"}\n');
      seenMidway = await select("select id, name from lake.trips");
      yield Buffer.from('{"id": 3}\n');
    }
    const target = {
      ...trips,
      loadType: "rebuild",
      columns: [
        { name: "id", type: "bigint" },
        { name: "city", type: "text" },
      ],
      primaryKey: "id",
    } as const;
    await load(target, source());
    expect(seenMidway).toEqual([["1", "old"]]);
    expect(await select("select * from lake.trips order by id")).toEqual([
      ["2", "Berlin"],
      ["3", "null"],
    ]);
    expect(
      await select(
        "select conname from pg_constraint where contype = 'p' and conrelid = 'lake.trips'::regclass",
      ),
    ).toEqual([["trips_pkey"]]);
    expect(await leftovers()).toEqual([]);
  });

  test("a reader that waits while columns change reads the new rows", async () => {
    await load({ ...trips, loadType: "rebuild" }, [{ id: 1 }]);
    const slow = new Client({ connectionString: database.url });
    await slow.connect();
    await slow.query("begin");
    await slow.query("select * from lake.trips");
    const columns = [{ name: "id", type: "bigint" }] as const;
    const loading = load({ ...trips, columns, loadType: "rebuild" }, [{ id: 2 }]);
    const waiting = async () =>
      (
        await select(
          "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
        )
      ).length;
    await until("a load that waits for the reader", async () => (await waiting()) > 0);
    const reader = new Client({ connectionString: database.url });
    await reader.connect();
    const reading = reader.query("select id from lake.trips");
    await until("a reader that waits for the load", async () => (await waiting()) > 1);
    await slow.query("commit");
    await loading;
    expect((await reading).rows.map(({ id }) => Number(id))).toEqual([2]);
    await Promise.all([slow.end(), reader.end()]);
  });

  test("a failure midway leaves the old table and nothing else", async () => {
    await load({ ...trips, loadType: "rebuild" }, [{ id: 1 }]);
    async function* broken(): AsyncGenerator<Buffer> {
      yield Buffer.from('{"id": 2}\n');
      throw new Error("the source broke");
    }
    await expect(load({ ...trips, loadType: "rebuild" }, broken())).rejects.toThrow(
      "the source broke",
    );
    await expect(load({ ...trips, loadType: "rebuild" }, [{ id: 2 }, { id: "x" }])).rejects.toThrow(
      'line 2, column "id": "x" is not a whole number',
    );
    await expect(
      load({ ...trips, loadType: "rebuild", primaryKey: "id" }, [{ id: 2 }, { id: 2 }]),
    ).rejects.toThrow("The rows do not fit into lake.trips: could not create unique index");
    expect(await select("select id from lake.trips")).toEqual([["1"]]);
    expect(await leftovers()).toEqual([]);
  });
});

describe("truncate", () => {
  test("replaces the rows and keeps the table, its views, and what readers see until the end", async () => {
    await load({ ...trips, loadType: "truncate" }, [{ id: 1 }]);
    await observer.query(
      "create view lake.recent as select id from lake.trips; alter table lake.trips add column mine int default 7",
    );
    let seenMidway: unknown[] = [];
    async function* source(): AsyncGenerator<Buffer> {
      yield Buffer.from('{"id": 2}\n');
      seenMidway = await select("select id from lake.recent");
    }
    await load({ ...trips, loadType: "truncate" }, source());
    expect(seenMidway).toEqual([["1"]]);
    expect(await select("select id, mine from lake.trips")).toEqual([["2", "7"]]);
    await expect(load({ ...trips, loadType: "truncate" }, bytes("{"))).rejects.toThrow(
      "line 1 is not JSON",
    );
    expect(await select("select id from lake.trips")).toEqual([["2"]]);
  });
});

describe("append", () => {
  const append = {
    ...trips,
    loadType: "append",
    loadId: "dag/task/run-1",
    source: "s3://lake/a#1",
  } as const;

  test("adds rows; a retried try does not add them twice", async () => {
    await load(append, [{ id: 1 }]);
    const { output, log } = await load(append, [{ id: 1 }]);
    expect(output).toEqual({ rows: 1, inserted: 0, updated: 0 });
    expect(log[0]?.text).toContain("an earlier try of this task appended them");
    await load({ ...append, loadId: "dag/task/run-2" }, [{ id: 1 }]);
    expect(await select("select id from lake.trips")).toEqual([["1"], ["1"]]);
  });

  test("a try that was given up but still runs does not add them either", async () => {
    let [rows] = [0];
    async function* slow(): AsyncGenerator<Buffer> {
      yield Buffer.from('{"id": 1}\n');
      rows = (await load(append, [{ id: 1 }])).output.inserted;
    }
    expect((await load(append, slow())).output.inserted).toBe(0);
    expect(rows).toBe(1);
    expect(await select("select id from lake.trips")).toEqual([["1"]]);
  });

  test("the same run with another source fails instead of duplicating or dropping rows", async () => {
    await load(append, [{ id: 1 }]);
    await expect(
      load({ ...append, source: "s3://lake/a#2" }, [{ id: 1 }, { id: 2 }]),
    ).rejects.toThrow(
      "dag/task/run-1 has appended another version of its source to lake.trips (s3://lake/a#1, now s3://lake/a#2)",
    );
  });

  test("a failed append is not remembered", async () => {
    await expect(load(append, [{ id: "x" }])).rejects.toThrow("line 1");
    expect((await load(append, [{ id: 1 }])).output.inserted).toBe(1);
  });
});

describe("upsert", () => {
  const upsert = { ...trips, loadType: "upsert", primaryKey: "id", incrementalKey: "at" } as const;
  const at = (day: number): string => `2018-01-0${day}T00:00:00Z`;

  test("updates what is newer or equal, adds what is new, and leaves newer rows alone", async () => {
    await load(
      upsert,
      [1, 2, 3].map((id) => ({ id, name: "old", at: at(5) })),
    );
    const { output } = await load(upsert, [
      { id: 1, name: "late", at: at(4) },
      { id: 2, name: "equal", at: at(5) },
      { id: 3, name: "newer", at: at(6) },
      { id: 4, name: "new", at: at(1) },
    ]);
    expect(output).toEqual({ rows: 4, inserted: 1, updated: 2 });
    expect(await select("select id, name from lake.trips order by id")).toEqual([
      ["1", "old"],
      ["2", "equal"],
      ["3", "newer"],
      ["4", "new"],
    ]);
  });

  test("of rows with one key in one file the newest counts, then the last", async () => {
    const { output } = await load(upsert, [
      { id: 1, name: "newest", at: at(6) },
      { id: 1, name: "older", at: at(5) },
      { id: 2, name: "first", at: at(5) },
      { id: 2, name: "last", at: at(5) },
      { id: 3, name: "dated", at: at(5) },
      { id: 3, name: "undated" },
    ]);
    expect(output).toEqual({ rows: 6, inserted: 3, updated: 0 });
    expect(await select("select id, name from lake.trips order by id")).toEqual([
      ["1", "newest"],
      ["2", "last"],
      ["3", "dated"],
    ]);
  });

  test("repeating it changes nothing", async () => {
    for (const _ of [1, 2]) await load(upsert, [{ id: 1, name: "a", at: at(5) }]);
    expect(await select("select id, name from lake.trips")).toEqual([["1", "a"]]);
  });

  test("works on several key columns, on nothing but the key, and beside columns of others", async () => {
    await observer.query(
      'create schema lake; create table lake.trips ("Id" bigint, kind text, mine int default 7)',
    );
    const target = {
      ...trips,
      columns: [
        { name: "id", type: "bigint" },
        { name: "kind", type: "text" },
      ],
      loadType: "upsert",
      primaryKey: ["id", "kind"],
    } as const;
    await load(target, [{ id: 1, kind: "a" }]);
    expect(
      (
        await load(target, [
          { id: 1, kind: "a" },
          { id: 1, kind: "b" },
        ])
      ).output,
    ).toEqual({ rows: 2, inserted: 1, updated: 0 });
    expect(await select('select "Id", kind, mine from lake.trips order by kind')).toEqual([
      ["1", "a", "7"],
      ["1", "b", "7"],
    ]);
  });

  test("a null in the key is refused, with its line", async () => {
    await expect(load(upsert, [{ id: 1 }, { name: "x" }])).rejects.toThrow(
      'line 2, column "id": null is not allowed in the primary key',
    );
  });

  test("a missing primary key is refused by the compiler and at run time", async () => {
    // @ts-expect-error upsert needs a primaryKey
    const target: LoadTarget = { ...trips, loadType: "upsert" };
    await expect(load(target, [])).rejects.toThrow(
      "primaryKey is missing; allowed: one column or more, for loadType upsert",
    );
  });
});

describe("a table with other columns", () => {
  test("gets the missing ones, compared without regard to case, and wider types where nothing is lost", async () => {
    await observer.query(
      "create schema lake; create table lake.trips (\"ID\" integer, name varchar(3)); insert into lake.trips values (1, 'abc')",
    );
    await load({ ...trips, loadType: "append", loadId: "1" }, [
      { id: 3_000_000_000, name: "longer", at: "2018-01-05T00:00:00Z" },
    ]);
    expect(await select('select "ID", name, at is null from lake.trips order by 1')).toEqual([
      ["1", "abc", "true"],
      ["3000000000", "longer", "false"],
    ]);
  });

  test("of a type that can hold no wanted value fails before a row is read", async () => {
    await observer.query("create schema lake; create table lake.trips (id text)");
    let read = false;
    async function* source(): AsyncGenerator<Buffer> {
      read = true;
      yield Buffer.from("{}");
    }
    await expect(load({ ...trips, loadType: "truncate" }, source())).rejects.toThrow(
      'Column "id" of lake.trips has the type text, but the load wants bigint; neither holds every value of the other.',
    );
    expect(read).toBe(false);
  });

  test("keeps a wider type than the load wants", async () => {
    await observer.query(
      "create schema lake; create table lake.trips (id numeric, name text, at timestamptz)",
    );
    await load({ ...trips, loadType: "truncate" }, [{ id: 1 }]);
    expect(await select("select pg_typeof(id) from lake.trips")).toEqual([["numeric"]]);
  });
});

describe("values", () => {
  const types = [
    "smallint",
    "integer",
    "bigint",
    "numeric",
    "numeric(10,2)",
    "double precision",
    "boolean",
    "text",
    "varchar(3)",
    "date",
    "timestamp",
    "timestamptz",
  ];
  const wide = {
    schema: "lake",
    table: "wide",
    loadType: "rebuild",
    columns: types.map((type, index) => ({ name: `c${index}`, type })) as Column[],
  } as const;

  test("of every type arrive from JSON, with all their digits", async () => {
    const line = `{"c0":-1,"c1":2.0,"c2":9223372036854775807,"c3":0.12345678901234567890,"c4":"1.50","c5":1e3,"c6":"TRUE","c7":{"a":[1]},"c8":"äöü","c9":"2018-01-05","c10":"2021-01-01 00:15:56","c11":"2018-01-05T04:00:00+05:30"}`;
    await load(wide, bytes(line));
    expect(
      await select(
        `select ${types.map((_, index) => `c${index}::text`).join()} from (select *, set_config('timezone', 'UTC', false) from lake.wide) t`,
      ),
    ).toEqual([
      [
        "-1",
        "2",
        "9223372036854775807",
        "0.12345678901234567890",
        "1.50",
        "1000",
        "true",
        '{"a":[1]}',
        "äöü",
        "2018-01-05",
        "2021-01-01 00:15:56",
        "2018-01-04 22:30:00+00",
      ],
    ]);
  });

  test("a time without an offset is UTC, whatever the zone of the database", async () => {
    await observer.query(
      `alter database ${new URL(database.url).pathname.slice(1)} set timezone = 'America/New_York'`,
    );
    await load({ ...trips, loadType: "rebuild" }, [{ id: 1, at: "2021-01-01 00:15:56" }]);
    expect(await select("select extract(epoch from at)::bigint from lake.trips")).toEqual([
      [String(Date.UTC(2021, 0, 1, 0, 15, 56) / 1000)],
    ]);
  });

  test("NUL characters are refused, or left out with a word in the log", async () => {
    const rows = [
      { id: 2, name: "c" },
      { id: 1, name: "a\0b\0" },
    ];
    await expect(load({ ...trips, loadType: "rebuild" }, rows)).rejects.toThrow(
      'line 2, column "name": the value holds the character NUL',
    );
    const { log } = await load({ ...trips, loadType: "rebuild", nul: "remove" }, rows);
    expect(await select("select name from lake.trips where id = 1")).toEqual([["ab"]]);
    expect(log).toContainEqual({
      level: "warn",
      text: "1 rows held NUL characters, which PostgreSQL cannot store; they were left out",
    });
  });

  test("a value that only PostgreSQL can refuse fails for good, with its place", async () => {
    const loading = load(
      { ...trips, columns: [{ name: "n", type: "numeric(3,1)" }], loadType: "rebuild" },
      [{ n: 1 }, { n: 1000 }],
    );
    await expect(loading).rejects.toMatchObject({
      name: "FailTask",
      message: /line 2, column "n": numeric field overflow/,
    });
  });
});

test("20,000 CSV rows stream in, CRLF, quotes and empty fields included", async () => {
  async function* csv(): AsyncGenerator<Buffer> {
    yield Buffer.from(
      '\uFEFFID,Name,at\r\n1,"a ""quoted"", name\r\nover two lines",\r\n2,,2018-01-05\r\n3,"",\r\n',
    );
    for (let id = 4; id <= 20_000; id++) yield Buffer.from(`${id},n${id},2018-01-05T00:00:00Z\r\n`);
  }
  const { output } = await load({ ...trips, loadType: "rebuild" }, csv(), "csv");
  expect(output.rows).toBe(20_000);
  expect(await select("select name from lake.trips where id < 4 order by id")).toEqual([
    ['a "quoted", name\r\nover two lines'],
    ["null"],
    [""],
  ]);
});

test("a malformed CSV names its line", async () => {
  await expect(
    load({ ...trips, loadType: "rebuild" }, bytes("id,name,at\n1,a,\n2,b,,c\n"), "csv"),
  ).rejects.toThrow(/^The CSV is malformed: .*line 3/);
});

test("memory stays flat however long the file is", async () => {
  async function* long(): AsyncGenerator<Buffer> {
    const chunk = Buffer.from(`${JSON.stringify({ id: 1, name: "x".repeat(1000) })}\n`.repeat(64));
    for (let index = 0; index < 2000; index++) yield Buffer.from(chunk);
  }
  const most = 32 * 1024 * 1024;
  const memory = new MemoryMark(most);
  async function* watched(): AsyncGenerator<Buffer> {
    for await (const chunk of long()) {
      memory.look();
      yield chunk;
    }
  }
  expect((await load({ ...trips, loadType: "rebuild" }, watched())).output.rows).toBe(128_000);
  expect(memory.mostMore).toBeLessThan(most);
});
