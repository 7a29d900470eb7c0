/** The values of a query, exact and as JSON has them. */
import { type Json, Sql, sql } from "dagsmith";
import { postgresHook } from "dagsmith/plugins/postgres";
import { runTask } from "dagsmith/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Lake, openLake } from "../../support/lake.ts";

let lake: Lake;
beforeAll(async () => {
  lake = await openLake();
  await lake.client.query(
    "create type mood as enum ('sad', 'happy day'); create domain few as bigint; create type pair as (x int, y text)",
  );
});
afterAll(() => lake[Symbol.asyncDispose]());

/** The value of an expression, as the output of a task. */
async function resultOf(expression: string): Promise<Json> {
  const { output } = await runTask(
    async ({ hook }) => {
      const rows = await (await hook(postgresHook("lake"))).query<{ value: Json }>(
        sql`select ${new Sql([expression])} as value`,
      );
      return rows[0]?.value ?? null;
    },
    { connections: { lake: lake.url } },
  );
  return output;
}

const values: [string, Json][] = [
  ["9007199254740993", "9007199254740993"],
  ["'{9007199254740993,null}'::bigint[]", ["9007199254740993", null]],
  ["1.10", "1.10"],
  ["'{0.12345678901234567890,NaN}'::numeric[]", ["0.12345678901234567890", "NaN"]],
  [
    "'{{1,2},{3,4}}'::int[]",
    [
      [1, 2],
      [3, 4],
    ],
  ],
  ["'[0:1]={1,2}'::int[]", [1, 2]],
  ["'{}'::int[]", []],
  ["0.1::float8 + 0.2::float8", 0.30000000000000004],
  ["0.1::float4", 0.1],
  ["'{NaN,-Infinity,-0,1.5}'::float8[]", ["NaN", "-Infinity", "-0", 1.5]],
  ["'{t,f}'::bool[]", [true, false]],
  ["date '2018-02-03'", "2018-02-03"],
  ["'{2018-02-03,infinity}'::date[]", ["2018-02-03", "infinity"]],
  ["timestamp '2018-02-03 04:05:06.123456'", "2018-02-03T04:05:06.123456"],
  ["timestamptz '2018-02-03 04:05:06.123456+05:30'", "2018-02-02T22:35:06.123456+00:00"],
  ["timestamptz '1883-11-18 12:03:58-07:52:58'", "1883-11-18T19:56:56+00:00"],
  ["'{2018-12-31 23:30-01,infinity}'::timestamptz[]", ["2019-01-01T00:30:00+00:00", "infinity"]],
  ["timestamptz '0044-03-15 12:00+00 BC'", "0044-03-15T12:00:00+00:00 BC"],
  ["time '04:05:06.7'", "04:05:06.7"],
  ["interval '1 year 2 mons -3 days 04:05:06.7'", "P1Y2M-3DT4H5M6.7S"],
  ["interval '-00:00:00.5'", "PT-0.5S"],
  ["interval '0'", "PT0S"],
  ["interval '100 hours'", "PT100H"],
  ["'{1 day,-1 mon +2:00}'::interval[]", ["P1D", "P-1MT2H"]],
  ["'\\x00ff41'::bytea", "AP9B"],
  ["array['\\x00'::bytea, '']", ["AA==", ""]],
  [
    `'{"n": 1234567824702058497, "x": [1.50, 1e999, 9007199254740992]}'::json`,
    { n: "1234567824702058497", x: [1.5, "1e999", 9007199254740992] },
  ],
  [`'{"n": 0.12345678901234567}'::jsonb`, { n: "0.12345678901234567" }],
  [`array['{"a": [1]}'::jsonb, 'null']`, [{ a: [1] }, null]],
  ["'{happy day,sad}'::mood[]", ["happy day", "sad"]],
  ["'happy day'::mood", "happy day"],
  ["'{9007199254740993}'::few[]", ["9007199254740993"]],
  [
    `array['a,b', 'NULL', null, '"\\', E'x\\ny', '{}', '']`,
    ["a,b", "NULL", null, '"\\', "x\ny", "{}", ""],
  ],
  ['\'{"(1,1),(0,0)";"(3,3),(2,2)"}\'::box[]', ["(1,1),(0,0)", "(3,3),(2,2)"]],
  ["'6f9619ff-8b86-d011-b42d-00cf4fc964ff'::uuid", "6f9619ff-8b86-d011-b42d-00cf4fc964ff"],
  ["int4range(1, 5)", "[1,5)"],
  ["row(1, 'x')::pair", "(1,x)"],
  ["'10.0.0.1/8'::inet", "10.0.0.1/8"],
  ["B'101'", "101"],
  ["'ab'::char(4)", "ab  "],
];

test.each(values)("%s", async (expression, value) => {
  expect(await resultOf(expression)).toEqual(value);
});

test("no setting of the role changes a value", async () => {
  const settings = [
    "datestyle = 'German, DMY'",
    "intervalstyle = 'iso_8601'",
    "timezone = 'America/New_York'",
    "bytea_output = 'escape'",
    "extra_float_digits = -15",
  ];
  for (const setting of settings) await lake.client.query(`alter role current_user set ${setting}`);
  try {
    const found = await Promise.all(values.map(([expression]) => resultOf(expression)));
    expect(found).toEqual(values.map(([, value]) => value));
  } finally {
    await lake.client.query("alter role current_user reset all");
  }
});
