/** Random tables of PostgreSQL: columns of any type, with values in its text form. */
import fc from "./fast_check.ts";

/** A column, and its values: one for each row, null or a text that the type takes. */
export interface RandomColumn {
  readonly name: string;
  readonly type: string;
  readonly values: readonly (string | null)[];
}

/** The types of the random columns that PostgreSQL does not bring. */
export const CREATE_TYPES = `
  create type mood as enum ('sad', 'happy day', 'it''s "x", \\y');
  create domain few as int[] check (array_length(value, 1) < 9);
  create domain word as text check (value <> 'refused');
  create type pair as (x int, "Y y" text, at timestamptz)`;

const text = fc
  .string({
    unit: fc.oneof(
      {
        weight: 3,
        arbitrary: fc.constantFrom(..."aB1 ,;|\t\"'\\\n\r{}()[]NULL\\N.-:äé€🚀\uFEFF\u2028"),
      },
      { weight: 1, arbitrary: fc.string({ unit: "binary", minLength: 1, maxLength: 1 }) },
    ),
    maxLength: 12,
  })
  .map((value) => value.replaceAll("\0", ""));

const short = (limit: number) => text.map((value) => [...value].slice(0, limit).join(""));
const whole = (bits: bigint) =>
  fc.bigInt({ min: -(2n ** (bits - 1n)), max: 2n ** (bits - 1n) - 1n }).map(String);
const digits = (most: number) =>
  fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: 1, maxLength: most });
const decimal = fc
  .tuple(fc.constantFrom("", "-"), digits(25), digits(25))
  .map(([sign, before, after]) => `${sign}${before}.${after}`);
const double = fc.double().map((value) => (Object.is(value, -0) ? "-0" : String(value)));
const float = fc.float().map((value) => (Object.is(value, -0) ? "-0" : String(value)));
const two = (max: number, min = 0) =>
  fc.integer({ min, max }).map((value) => String(value).padStart(2, "0"));
const fraction = (most: number) =>
  fc.oneof(
    fc.constant(""),
    digits(most).map((value) => `.${value}`),
  );
const date = fc.oneof(
  fc.constantFrom("infinity", "-infinity", "0044-03-15 BC", "0001-02-29 BC", "12024-02-29"),
  fc
    .tuple(fc.integer({ min: 1000, max: 9999 }), two(12, 1), two(28, 1))
    .map((parts) => parts.join("-")),
);
const time = (most = 6) =>
  fc.tuple(two(23), two(59), two(59), fraction(most)).map(([h, m, s, f]) => `${h}:${m}:${s}${f}`);
const moment = (most = 6) =>
  fc
    .tuple(date, time(most))
    .map(([day, at]) => (day.endsWith("infinity") ? day : day.replace(/^(\S+)/, `$1 ${at}`)));
const offset = fc.tuple(fc.constantFrom("+", "-"), two(14), fc.constantFrom("", ":30", ":45:10"));
const small = fc.integer({ min: -99_999, max: 99_999 });
const interval = fc
  .tuple(small, small, small, fc.integer({ min: -999_999_999, max: 999_999_999 }))
  .map(
    ([years, months, days, micros]) =>
      `${years} years ${months} mons ${days} days ${micros} microseconds`,
  );
const hex = fc
  .uint8Array({ maxLength: 9 })
  .map((bytes) => `\\x${Buffer.from(bytes).toString("hex")}`);
const json = fc
  .jsonValue({ maxDepth: 2 })
  .map((value) => JSON.stringify(value ?? { a: null }).replaceAll("\\u0000", ""))
  // A double that JSON.stringify writes with an exponent is numeric in jsonb, and -0 is
  // 0.
  .filter((value) => !/\de[+-]?\d{3}|-0\b/.test(value));
const bits = (length: number) =>
  fc.string({ unit: fc.constantFrom("0", "1"), minLength: length, maxLength: length });
const ip = fc
  .tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 }))
  .map(([address, mask]) => `${address}/${mask}`);
const range = fc
  .tuple(small, small, fc.constantFrom("[", "("), fc.constantFrom("]", ")"))
  .map(([a, b, left, right]) => `${left}${Math.min(a, b)},${Math.max(a, b)}${right}`);
const point = fc.tuple(small, small).map(([x, y]) => `(${x},${y})`);
const label = fc.constantFrom("sad", "happy day", 'it\'s "x", \\y');
const quoted = (value: string): string => `"${value.replace(/["\\]/g, "\\$&")}"`;

const SCALARS: Readonly<Record<string, fc.Arbitrary<string>>> = {
  ...{ smallint: whole(16n), integer: whole(32n), bigint: whole(64n) },
  ...{ numeric: fc.oneof(decimal, fc.constantFrom("NaN", "Infinity", "1e300", "-0.00")) },
  "numeric(10,2)": fc.tuple(small, two(99)).map((parts) => parts.join(".")),
  ...{ real: float, "double precision": double, boolean: fc.constantFrom("t", "f") },
  ...{ text, "varchar(5)": short(5), "char(4)": short(4), word: text, mood: label },
  ...{ date, time: time(), "time(2)": time(2), timestamp: moment(), "timestamp(3)": moment(3) },
  timetz: fc.tuple(time(), offset).map(([at, by]) => at + by.join("")),
  timestamptz: moment(),
  ...{ interval, bytea: hex, json, jsonb: json, uuid: fc.uuid(), inet: ip },
  cidr: fc.constantFrom("10.0.0.0/8", "2001:db8::/32"),
  macaddr: fc.constant("08:00:2b:01:02:03"),
  money: fc.tuple(small, two(99)).map((parts) => parts.join(".")),
  ...{ "bit(3)": bits(3), varbit: fc.integer({ min: 0, max: 9 }).chain(bits) },
  ...{ int4range: range, numrange: range, int4multirange: range.map((one) => `{${one}}`) },
  tstzrange: fc.constantFrom("empty", '["2018-01-05 04:00+00",)', "(,2018-01-05 04:00:00.5+00]"),
  ...{ point, box: fc.tuple(point, point).map((corners) => corners.join(",")) },
  xml: fc.constantFrom("<a/>", '<a b="&lt;">x\n</a>', "text"),
  tsvector: fc.constantFrom("'a':1 'b c':2A", ""),
  pg_lsn: fc.constant("16/B374D848"),
};

function listOf(item: fc.Arbitrary<string>, delimiter: string): fc.Arbitrary<string> {
  const items = fc.array(fc.option(item), { maxLength: 4 });
  return items.map(
    (list) => `{${list.map((one) => (one === null ? "NULL" : quoted(one))).join(delimiter)}}`,
  );
}

const LISTS = Object.fromEntries(
  Object.entries(SCALARS).map(([type, item]) => [
    `${type}[]`,
    listOf(
      type.startsWith("json") ? item.map((one) => `{"x":${one}}`) : item,
      type === "box" ? ";" : ",",
    ),
  ]),
);

const pairs = fc
  .tuple(fc.option(whole(32n)), fc.option(text), fc.option(moment()))
  .map((fields) => `(${fields.map((one) => (one === null ? "" : quoted(one))).join(",")})`);

const TYPES: Readonly<Record<string, fc.Arbitrary<string>>> = {
  ...SCALARS,
  ...LISTS,
  few: listOf(whole(32n), ","),
  pair: pairs,
  "pair[]": listOf(pairs, ","),
  "int[][]": fc
    .array(fc.tuple(whole(32n), whole(32n)), { minLength: 1, maxLength: 3 })
    .map((rows) => `{${rows.map((row) => `{${row.join(",")}}`).join(",")}}`),
};

const NAMES = [
  "plain",
  "Upper",
  'qu"ote',
  "com,ma",
  "spa ce",
  "ümlaut",
  "__proto__",
  "constructor",
];

/** Columns of as many rows each. */
export const randomTable: fc.Arbitrary<readonly RandomColumn[]> = fc
  .tuple(
    fc.integer({ min: 0, max: 8 }),
    fc.subarray(NAMES, { minLength: 1 }),
    fc.array(fc.constantFrom(...Object.keys(TYPES)), { minLength: 8, maxLength: 8 }),
  )
  .chain(([rows, names, types]) =>
    fc.tuple(
      ...names.map((name, index) =>
        fc.record({
          name: fc.constant(name),
          type: fc.constant(types[index] ?? "text"),
          values: fc.array(fc.option(TYPES[types[index] ?? ""] ?? text), {
            minLength: rows,
            maxLength: rows,
          }),
        }),
      ),
    ),
  );
