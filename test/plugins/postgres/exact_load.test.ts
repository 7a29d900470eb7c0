/** A load carries what the file says, or refuses it by line and column. */
import type { Column, LoadTarget } from "dagsmith/plugins/postgres";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type File, type Lake, openLake } from "../../support/lake.ts";

let lake: Lake;
beforeAll(async () => {
  lake = await openLake();
  await lake.client.query("create schema s");
});
afterAll(() => lake[Symbol.asyncDispose]());
beforeEach(() => lake.client.query("drop table if exists s.t"));

const into = (type: string, loadType: "truncate" | "rebuild" = "truncate"): LoadTarget => ({
  ...{ schema: "s", table: "t", loadType },
  columns: [{ name: "a", type } as Column],
});

/** Into the columns that the table has. */
const ALL: LoadTarget = { schema: "s", table: "t", loadType: "truncate" };

describe("a number in JSON is taken as it is written", () => {
  test.each([
    ["text", "1234567824702058497"],
    ["text", "1.50"],
    ["text", "1e3"],
    ["text", "-0"],
    ["text", '{"n":1234567824702058497, "x": [1e999, 1.0]}'],
    ["text", "[0.1000000000000000055]"],
    ["jsonb", '{"n": 1234567824702058497}'],
    ["json", '{"b": 1.00, "b": 2}'],
    ["numeric", "1.50"],
    ["numeric", "-0.00"],
    ["numeric", "0.12345678901234567890"],
    ["bigint", "-9223372036854775808"],
    ["double precision", "-0"],
    ["double precision", "1e-320"],
  ])("%s: %s", async (type, written) => {
    await lake.load(into(type), { json: `{"a":${written}}\n` });
    const expected = { "-0.00": "0.00", "1e-320": "1e-320" }[written] ?? written;
    expect(await lake.texts("select a from s.t")).toEqual([[expected]]);
  });
});

const numbers: [string, string][] = [
  ["double precision", "1e999"],
  ["double precision", "1e-999"],
  ["real", "1e40"],
  ["integer", "1.00000000000000000001"],
  ["integer", "1e-400"],
  ["smallint", "32768"],
  ["bigint", "9223372036854775808"],
  ["numeric(5,2)", "1.005"],
  ["numeric(5,2)", "1234.5"],
];

test.each([
  ["jsonb", '{"x":{"x":"\\"x\\":"},"y":["x\\":"]}', '{"x": {"x": "\\"x\\":"}, "y": ["x\\":"]}'],
  ["numeric(5,-2)", "12300", "12300"],
  ["numeric(5,-2)", "0", "0"],
  ["numeric(5,-2)", "123e2", "12300"],
  ["numeric(5,2)", "100e-2", "1.00"],
  ["timestamp", '"2024-01-01T00:00:00Z"', "2024-01-01 00:00:00"],
  ["timestamp", '"2024-01-01 00:00:00+00:00"', "2024-01-01 00:00:00"],
  ["timestamptz", '"2024-01-01 00:00:00+05"', "2023-12-31 19:00:00+00"],
])("%s holds %s", async (type, json, text) => {
  await lake.client.query("set timezone = 'UTC'");
  await lake.client.query(`create table s.t (a ${type})`);
  await lake.load(ALL, { json: `{"a":${json}}\n` });
  expect(await lake.texts("select a from s.t")).toEqual([[text]]);
});

test("numeric(5,-2) holds hundreds only", async () => {
  await lake.client.query("create table s.t (a numeric(5,-2))");
  for (const value of ["12350", "100.5"])
    await expect(lake.load(ALL, { csv: `a\n${value}\n` })).rejects.toMatchObject({
      name: "FailTask",
      message: `line 2, column "a": "${value}" is not a multiple of 100`,
    });
});

test.each([
  ["a system column's name", "ctid", "text"],
  ["a name that another has in its first 63 bytes", `${"x".repeat(63)}b`, "text"],
  ["a type that does not exist", "b", "s.klingon"],
])("a table that cannot have %s fails for good, with its name", async (_, name, type) => {
  const columns = [
    { name: `${"x".repeat(63)}a`, type: "text" },
    { name, type },
  ] as Column[];
  const csv = `${columns.map((one) => one.name).join()}\n1,2\n`;
  const loading = lake.load({ ...into("text"), columns } as LoadTarget, { csv });
  await expect(loading).rejects.toMatchObject({
    name: "FailTask",
    message: expect.stringMatching(/^s\.t cannot be made as the load wants it: .+\.$/),
  });
});

describe("a value that a column cannot hold is refused", () => {
  test.each<[string, string, string]>([
    ...numbers.map(([type, value]): [string, string, string] => [type, value, value]),
    ["date", '"2023-02-30"', "2023-02-30"],
    ["date", '"1900-02-29"', "1900-02-29"],
    ["date", '"01/02/2023"', "01/02/2023"],
    ["timestamp", '"2023-04-31T00:00:00"', "2023-04-31T00:00:00"],
    ["timestamp", '"2023-04-30T25:00:00"', "2023-04-30T25:00:00"],
    ["timestamp(3)", '"2023-04-30T00:00:00.123456"', "2023-04-30T00:00:00.123456"],
    ["timestamptz", '"2023-04-30T00:00:00.1234567Z"', "2023-04-30T00:00:00.1234567Z"],
    ["time(0)", '"12:00:00.5"', "12:00:00.5"],
    ["timestamp", '"2024-01-01 00:00:00+05"', "2024-01-01T00:00:00.5+05:30"],
    ["varchar(3)", '"abc "', "abc "],
    ["char(2)", '"abc"', "abc"],
    ["uuid", '"x"', "x"],
    ["jsonb", "[", "{"],
    ["jsonb", '{"x":1,"x":2}', '{"x":1,"x":2}'],
    ["jsonb", '[{"y":{"x":1, "\\u0078" :"x\\":"}}]', '{"y":[[{"x":1,"x":1}]]}'],
    ["integer[]", '"{1,"', '"{1,"'],
    ["inet", '"300.0.0.1"', "300.0.0.1"],
    ["text", '"\\ud800"', "\ud800"],
    ["text", '"a\\u0000b"', "a\0b"],
  ])("%s: %s, by its line and column", async (type, json, csv) => {
    await lake.client.query(`create table s.t (a ${type}, b text)`);
    const target = {
      ...into(type),
      columns: [
        { name: "a", type },
        { name: "b", type: "text" },
      ],
    };
    const place = expect.stringMatching(/line 5, column "a": /);
    const refused = { name: "FailTask", message: place };
    if (json !== "[")
      await expect(
        lake.load(target as LoadTarget, { json: `{"b":"x"}\n\n{"b":"y"}\n\n{"a":${json}}\n` }),
      ).rejects.toMatchObject(refused);
    if (csv !== "\ud800")
      await expect(
        lake.load(target as LoadTarget, {
          csv: `a,b\n,"x\ny\n"\n"${csv.replaceAll('"', '""')}",\n`,
        }),
      ).rejects.toMatchObject(refused);
  });

  test("a null where the table wants a value, by its line", async () => {
    await lake.client.query("create table s.t (a int not null, b text)");
    await expect(
      lake.load({ schema: "s", table: "t", loadType: "truncate" }, { csv: "a,b\n1,x\n,y\n" }),
    ).rejects.toThrow('line 3, column "a": null is not allowed in this column');
  });

  test("a key that stands twice in a line, by its line", async () => {
    for (const line of ['{"a":1,"a":2}', '{"a":1,"A":2}', '{"A" : 1, "x": {"a":3}, "a":"\\":"}'])
      await expect(
        lake.load(into("text"), { json: `{"a":"x\\":\\"y"}\n${line}\n` }),
      ).rejects.toThrow('line 2, column "a": the key stands twice');
  });
});

describe("a column that the file lacks", () => {
  test("is refused for CSV, on each way and before a row is lost", async () => {
    await lake.client.query("create table s.t (a text, b text); insert into s.t values ('old')");
    for (const loadType of ["truncate", "rebuild"] as const)
      for (const columns of [[{ name: "aa", type: "text" }] as const, undefined])
        await expect(
          lake.load(
            { schema: "s", table: "t", loadType, ...(columns && { columns }) },
            { csv: "a\n" },
          ),
        ).rejects.toThrow(/The CSV has no column "(aa|b)"; its header is a/);
    expect(await lake.texts("select a from s.t")).toEqual([["old"]]);
  });

  test("stays null for JSON, with a word in the log when no row has it", async () => {
    const columns = [
      { name: "a", type: "text" },
      { name: "b", type: "text" },
    ] as const;
    const { log } = await lake.load({ ...into("text"), columns }, { json: '{"A":1}\n{"A":2}\n' });
    expect(log[0]).toEqual({
      level: "warn",
      text: 'no row has a value for "b", which stay null',
    });
  });
});

describe("a source without rows", () => {
  const empties: [string, File][] = [
    ["a CSV of 0 bytes", { csv: "" }],
    ["JSON lines of 0 bytes", { json: "" }],
    ["JSON lines of blank lines", { json: "\n\n" }],
  ];
  test.each(empties)("%s does not empty a table", async (_, file) => {
    await lake.client.query("create table s.t (a text); insert into s.t values ('old')");
    for (const loadType of ["truncate", "rebuild"] as const)
      await expect(lake.load(into("text", loadType), file)).rejects.toMatchObject({
        name: "FailTask",
        message: expect.stringMatching(/The CSV is empty|The source has no rows/),
      });
    expect(await lake.texts("select a from s.t")).toEqual([["old"]]);
  });

  test("empties it when the file says so by its header, or the load by an option", async () => {
    for (const [target, file] of [
      [into("text"), { csv: "a\n" }],
      [{ ...into("text"), allowEmpty: true }, { json: "" }],
    ] as const) {
      await lake.client.query("create table s.t (a text); insert into s.t values ('old')");
      expect((await lake.load(target, file)).output.rows).toBe(0);
      expect(await lake.texts("select a from s.t")).toEqual([]);
      await lake.client.query("drop table s.t");
    }
  });
});

test("every type of an existing table is loaded by its text form", async () => {
  await lake.client.query(`
    create type s.mood as enum ('sad', 'happy day'); create domain s.few as int[] check (array_length(value, 1) < 3);
    create type s.pair as (x int, "Y y" text);
    create table s.t (u uuid, j jsonb, m s.mood, r real, tm time, tz timetz, c char(5), ts timestamp(3), i int[], tt text[][],
      f s.few, p s.pair, ps s.pair[], ms s.mood[], b bytea, iv interval, n inet, rg int4range, bx box[], js json[], bit bit(3), mon money)`);
  const json =
    `{"u":"6F9619FF-8B86-D011-B42D-00CF4FC964FF","j":{"a":[1,"x"]},"m":"happy day","r":0.1,"tm":"12:00:00.5","tz":"12:00:00+02",
    "c":"ab","ts":"2018-01-05T04:00:00.123Z","i":[1,null],"tt":[["a,b","NULL"],["\\"\\\\","ä {}"]],"f":[1],"p":{"x":1,"Y y":"a \\"b\\" \\\\, ("},
    "ps":[{"x":null,"Y y":""},null],"ms":["sad"],"b":"\\\\x00ff","iv":"1 day 02:00:00","n":"10.0.0.1/8","rg":"[1,5)","bx":["(1,1),(0,0)","(3,3),(2,2)"],
    "js":[{"a": 1.0},[1,2],"x"],"bit":"101","mon":"$1.50"}`.replaceAll("\n", "");
  const target = { schema: "s", table: "t", loadType: "truncate" } as const;
  await lake.load(target, { json });
  const expected = await lake.texts("select * from s.t");
  expect(expected[0]?.slice(8, 13)).toEqual([
    "{1,NULL}",
    '{{"a,b","NULL"},{"\\"\\\\","ä {}"}}',
    "{1}",
    '(1,"a ""b"" \\\\, (")',
    '{"(,\\"\\")",NULL}',
  ]);
  const { rows } = await lake.client.query("select to_jsonb(t) as row from s.t t");
  expect(rows[0].row.js).toEqual([{ a: 1 }, [1, 2], "x"]);
  const fields = (expected[0] ?? []).map((text) => `"${text?.replaceAll('"', '""')}"`);
  await lake.load(target, { csv: `${(await columnsOf("s.t")).join(",")}\n${fields.join(",")}\n` });
  expect(await lake.texts("select * from s.t")).toEqual(expected);
});

async function columnsOf(table: string): Promise<string[]> {
  const { fields } = await lake.client.query(`select * from ${table} limit 0`);
  return fields.map(({ name }) => name);
}

describe("identity and generated columns", () => {
  const create =
    "create table s.t (id bigint generated always as identity, a text, twice text generated always as (a || a) stored)";

  test("are left out of the default columns, and a rebuild keeps them", async () => {
    for (const loadType of ["truncate", "rebuild"] as const) {
      await lake.client.query(`drop table if exists s.t; ${create}`);
      const { log } = await lake.load(
        { schema: "s", table: "t", loadType },
        { csv: "id,a\n7,x\n8,y\n" },
      );
      expect(log[0]).toEqual({
        level: "warn",
        text: 'the file also has "id", which the load does not take',
      });
      expect(await lake.texts("select * from s.t")).toEqual([
        ["1", "x", "xx"],
        ["2", "y", "yy"],
      ]);
    }
    await lake.load(into("text", "rebuild"), { csv: "a\nz\n" });
    expect(await lake.texts("select * from s.t")).toEqual([["3", "z", "zz"]]);
  });

  test("are written when the load names them, or refused", async () => {
    await lake.client.query(create);
    const columns = [
      { name: "id", type: "bigint" },
      { name: "a", type: "text" },
    ] as const;
    await lake.load(
      { schema: "s", table: "t", columns, loadType: "append", loadId: "1" },
      { csv: "id,a\n7,x\n" },
    );
    expect(await lake.texts("select id, a from s.t")).toEqual([["7", "x"]]);
    for (const loadType of ["truncate", "rebuild"] as const)
      await expect(
        lake.load(
          {
            ...{ schema: "s", table: "t", loadType },
            columns: [...columns, { name: "twice", type: "text" }],
          },
          { csv: "id,a,twice\n7,x,y\n" },
        ),
      ).rejects.toThrow('Column "twice" of s.t is generated');
  });
});

test("settings of the role do not change what is read", async () => {
  const role = "current_user";
  await lake.client.query(
    `alter role ${role} set datestyle = 'German'; alter role ${role} set intervalstyle = 'sql_standard'; alter role ${role} set timezone = 'Asia/Tokyo'`,
  );
  try {
    await lake.client.query(
      "create table s.t (d date, ds date[], ts timestamptz, r tstzrange, i interval)",
    );
    await lake.load(
      { schema: "s", table: "t", loadType: "truncate" },
      {
        json: '{"d":"2018-02-03","ds":["2018-02-03"],"ts":"2018-02-03 04:05:06","r":"[2018-02-03 04:05:06,)","i":"-1 days +02:03:00"}',
      },
    );
    await lake.client.query("set timezone = 'UTC'");
    expect(await lake.texts("select * from s.t")).toEqual([
      [
        "2018-02-03",
        "{2018-02-03}",
        "2018-02-03 04:05:06+00",
        '["2018-02-03 04:05:06+00",)',
        "-1 days +02:03:00",
      ],
    ]);
  } finally {
    await lake.client.query(`alter role ${role} reset all`);
  }
});
