/** Parquet is read exactly or refused, and what is written comes back. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { DuckDBInstance } from "@duckdb/node-api";
import { FailTask } from "dagsmith";
import {
  type FileColumn,
  type FileType,
  objectFile,
  pathFile,
  type Row,
  type RowFile,
  readRows,
  type SourceRows,
  storedFile,
  writeRows,
} from "dagsmith/plugins/formats";
import { objectStore } from "dagsmith/plugins/objects";
import { loadTable, postgresHook } from "dagsmith/plugins/postgres";
import { runTask } from "dagsmith/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Lake, openLake } from "../../support/lake.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dagsmith-parquet-"));
});
afterAll(() => rm(folder, { recursive: true }));

const pathOf = (name: string): string => join(folder, name);

async function valuesOf(rows: SourceRows): Promise<Row[]> {
  const values: Row[] = [];
  for await (const batch of rows) values.push(...batch.map((row) => row.values));
  return values;
}

async function written(
  name: string,
  rows: readonly Row[],
  columns: readonly FileColumn[],
): Promise<RowFile> {
  const bytes = await buffer(writeRows(name, rows, columns));
  await writeFile(pathOf(name), bytes);
  return pathFile(pathOf(name));
}

/** A file of DuckDB, which we did not write. */
async function ofDuckdb(name: string, query: string, options = ""): Promise<RowFile> {
  const duckdb = await (await DuckDBInstance.create()).connect();
  await duckdb.run(`copy (${query}) to '${pathOf(name)}' (format parquet ${options})`);
  duckdb.closeSync();
  return pathFile(pathOf(name));
}

async function seenByDuckdb(name: string): Promise<unknown[]> {
  const duckdb = await (await DuckDBInstance.create()).connect();
  const rows = await duckdb.runAndReadAll(`select * from read_parquet('${pathOf(name)}')`);
  duckdb.closeSync();
  return rows.getRowObjectsJson();
}

describe("a file that is damaged is refused by its name", () => {
  const rows = Array.from({ length: 3_000 }, (_, id) => ({ id, name: `row ${id}` }));
  const columns = [{ name: "id", type: "integer" }, { name: "name" }] as const;

  test.each([
    ["that is empty", (_: Buffer) => Buffer.alloc(0), /empty\.parquet is not a whole Parquet file/],
    [
      "that has lost its end",
      (bytes: Buffer) => bytes.subarray(0, bytes.length / 2),
      /is not a whole Parquet file/,
    ],
    [
      "that has lost its beginning",
      (bytes: Buffer) => bytes.subarray(bytes.length / 2),
      /is damaged in row group 1 \(rows 1 to 3000\)|is not a whole Parquet file/,
    ],
    ["of CSV", () => Buffer.from("id,name\n1,a\n"), /is not a whole Parquet file/],
    [
      "with other bytes in the middle",
      (bytes: Buffer) => Buffer.from(bytes).fill(0xff, 8, 600),
      /is damaged in row group 1 \(rows 1 to 3000\)/,
    ],
  ])("%s", async (_, damage, message) => {
    const bytes = await buffer(writeRows("empty.parquet", rows, columns));
    await writeFile(pathOf("empty.parquet"), damage(bytes));
    const error = await valuesOf(readRows(pathFile(pathOf("empty.parquet")))).catch((e) => e);
    expect(error).toBeInstanceOf(FailTask);
    expect(error.message).toMatch(message);
  });
});

describe("a value that a column does not hold is refused by row and column", () => {
  const cases: [FileType, unknown, string][] = [
    ["boolean", "yes", '"yes" is not a boolean'],
    ["integer", 2 ** 31, "2147483648 is not a whole number of 32 bits"],
    ["integer", 1.5, "1.5 is not a whole number of 32 bits"],
    ["bigint", "9223372036854775808", '"9223372036854775808" is not a whole number of 64 bits'],
    ["double precision", "one", '"one" is not a number'],
    ["numeric(5,2)", "1.005", '"1.005" is not a number that numeric(5,2) holds'],
    ["numeric(5,2)", "1000", '"1000" is not a number that numeric(5,2) holds'],
    ["text", 1, "1 is not a text"],
    ["text", "\ud800", '"\\ud800" is not a text'],
    ["bytea", "not base64!", '"not base64!" is not bytes, or their base64'],
    ["date", "2018-02-30", '"2018-02-30" is not an ISO 8601 date, such as 2018-01-05'],
    [
      "timestamp",
      "2018-01-05T04:00:00.1234567",
      '"2018-01-05T04:00:00.1234567" is not an ISO 8601 date and time with at most 6 digits of a second',
    ],
  ];
  test.each(cases)("%s: %j", async (type, value, message) => {
    const rows = [{ a: null }, { a: value }];
    const bytes = buffer(writeRows("a.parquet", rows, [{ name: "a", type }]));
    await expect(bytes).rejects.toThrow(new FailTask(`row 2, column "a": ${message}`));
  });
});

test("options that no file can have are refused at once", () => {
  expect(() => writeRows("a.parquet", [], [])).toThrow("an empty list");
  expect(() => writeRows("a.csv", [], [{ name: "a" }, { name: "A" }])).toThrow('column "a" twice');
  expect(() => writeRows("a.parquet.gz", [], [{ name: "a" }])).toThrow("names no format of rows");
});

const exact: [FileType, unknown, unknown, unknown][] = [
  // type, value, as it is read, as DuckDB has it
  ["boolean", false, false, false],
  ["integer", -(2 ** 31), -(2 ** 31), -(2 ** 31)],
  ["bigint", "9223372036854775807", "9223372036854775807", "9223372036854775807"],
  ["bigint", "7", 7, "7"],
  ["double precision", 0.1, 0.1, 0.1],
  ["double precision", "NaN", "NaN", "NaN"],
  ["numeric(5,2)", "-0.50", "-0.50", "-0.50"],
  [
    "numeric(38,9)",
    "12345678901234567890123456789.123456789",
    "12345678901234567890123456789.123456789",
    "12345678901234567890123456789.123456789",
  ],
  ["text", "Köln\n\u0000", "Köln\n\u0000", "Köln\n\u0000"],
  ["json", { n: [1, "a"] }, '{"n":[1,"a"]}', '{"n":[1,"a"]}'],
  ["bytea", "AP8=", "\\x00ff", "\\x00\\xFF"],
  ["date", "1969-12-31", "1969-12-31", "1969-12-31"],
  [
    "timestamp",
    "1969-12-31 23:59:59.000001",
    "1969-12-31T23:59:59.000001",
    "1969-12-31 23:59:59.000001",
  ],
  ["timestamptz", "2018-01-05T04:00:00+01:00", "2018-01-05T03:00:00", "2018-01-05 03:00:00+00"],
];

test.each(exact)(
  "%s %j is written and read as it is, and so DuckDB reads it",
  async (type, value, read, seen) => {
    const file = await written("exact.parquet", [{ a: value }, {}], [{ name: "a", type }]);
    expect(await valuesOf(readRows(file))).toEqual([{ a: read }, { a: null }]);
    expect(await seenByDuckdb("exact.parquet")).toEqual([{ a: seen }, { a: null }]);
  },
);

describe.each(["uncompressed", "snappy", "gzip", "zstd", "brotli", "lz4_raw"])(
  "a file of DuckDB by %s",
  (codec) => {
    test("is read by row groups, in order", async () => {
      const query = "select i::bigint as ID, 'n' || i as name, i % 7 as k from range(5000) r(i)";
      const file = await ofDuckdb("many.parquet", query, `, codec ${codec}, row_group_size 2048`);
      const rows = await valuesOf(readRows(file));
      expect(rows.map(({ id }) => id)).toEqual(Array.from({ length: 5000 }, (_, id) => id));
      expect(rows[4999]).toEqual({ id: 4999, name: "n4999", k: 4999 % 7 });
    });
  },
);

test("types that we do not write are read as JSON has them", async () => {
  const file = await ofDuckdb(
    "types.parquet",
    `select [1, null, 9223372036854775807] as list, {'a': 1.50::decimal(4,2), 'b': [date '2018-01-05']} as struct,
      map {'x': 1.25::decimal(4,2)} as map, time '23:59:59.123456' as t, 3.5::float as f, 250::utinyint as u,
      '0b7c2a6e-6c1a-4f4e-9c56-000000000001'::uuid as uuid, [[1], []] as lists, 'x'::blob as b, []::integer[] as none`,
  );
  expect(await valuesOf(readRows(file))).toEqual([
    {
      list: [1, null, "9223372036854775807"],
      struct: { a: "1.50", b: ["2018-01-05"] },
      map: { x: "1.25" },
      ...{ t: "23:59:59.123456", f: 3.5, u: 250 },
      uuid: "0b7c2a6e-6c1a-4f4e-9c56-000000000001",
      ...{ lists: [[1], []], b: "\\x78", none: [] },
    },
  ]);
});

test("a column of a type that cannot be read is refused, unless it is left out", async () => {
  const file = await ofDuckdb("interval.parquet", "select interval 1 day as i, 1 as a");
  await expect(valuesOf(readRows(file))).rejects.toThrow(
    'interval.parquet, column "i": values of the type INTERVAL cannot be read.',
  );
  const rows = readRows(file);
  rows.requireColumns?.(["a"]);
  expect(await valuesOf(rows)).toEqual([{ a: 1 }]);
});

test("an error of the store comes out as it is, and no file stays open", async () => {
  const file = await written("broken.parquet", [{ a: "x" }], [{ name: "a" }]);
  let isClosed = false;
  const broken: RowFile = {
    ...file,
    parts: async () => {
      const parts = await file.parts();
      const read = (): Promise<never> => Promise.reject(new Error("the store is away"));
      return {
        ...parts,
        read,
        close: async () => {
          isClosed = true;
          await parts.close();
        },
      };
    },
  };
  await expect(valuesOf(readRows(broken))).rejects.toThrow("the store is away");
  expect(isClosed).toBe(true);
});

describe("into PostgreSQL", () => {
  let lake: Lake;
  beforeAll(async () => {
    lake = await openLake();
  });
  afterAll(() => lake[Symbol.asyncDispose]());

  const columns = [
    { name: "id", type: "bigint" },
    { name: "price", type: "numeric(5,2)" },
    { name: "tags", type: "text[]" },
  ] as const;
  const load = (rows: SourceRows) =>
    runTask(
      async ({ hook, log }) =>
        loadTable(
          await hook(postgresHook("lake")),
          { schema: "public", table: "goods", columns, loadType: "rebuild" },
          rows,
          log,
        ),
      { connections: { lake: lake.url } },
    );

  test("rows of an object and of a file of a task arrive, and a misfit names its row", async () => {
    const query = (price: string): string =>
      `select i::bigint as id, case i when 1500 then ${price} else 1.25 end::decimal(9,4) as price, ['a', 'b,' || i] as tags from range(2000) r(i)`;
    await ofDuckdb("goods.parquet", query("9.5"));
    const path = pathOf("goods.parquet");
    const store = objectStore(`file://${folder}`);
    await runTask(async (context) => {
      const stored = await context.files.put("goods.parquet", { path });
      const object = objectFile(await store.open(context), "goods.parquet");
      for (const file of [object, storedFile(context.files, stored)]) {
        expect((await load(readRows(file))).output).toEqual({
          rows: 2000,
          inserted: 2000,
          updated: 0,
        });
        expect(await lake.texts("select * from goods where id = 1500")).toEqual([
          ["1500", "9.50", '{a,"b,1500"}'],
        ]);
      }
    });
    await expect(load(readRows(await ofDuckdb("bad.parquet", query("1.005"))))).rejects.toThrow(
      'row 1501, column "price": "1.0050" is not a number with at most 2 digits after the point',
    );
    expect(await lake.texts("select count(*) from goods")).toEqual([["2000"]]);
  });

  test("an object that is replaced while it is read is no mix of two", async () => {
    const columnsOf = [
      { name: "id", type: "bigint" },
      { name: "price" },
      { name: "tags" },
    ] as const;
    const content = (id: number): Promise<Buffer> =>
      buffer(writeRows("two.parquet", [{ id, price: "1", tags: "{}" }], columnsOf));
    await runTask(async (context) => {
      const store = await objectStore(`file://${folder}`).open(context);
      await store.put("two.parquet", await content(1));
      const file = objectFile(store, "two.parquet");
      const replacing: RowFile = {
        ...file,
        parts: async () => {
          const parts = await file.parts();
          await store.put("two.parquet", await content(2));
          return parts;
        },
      };
      await expect(load(readRows(replacing))).rejects.toThrow("was replaced while it was read");
    });
  });
});
