/** Which columns a table needs, and which values fit into which column. */
import type { Json } from "dagsmith";
import {
  type ColumnType,
  canonicalType,
  checkedColumns,
  reconcileColumns,
} from "dagsmith/plugins/postgres";
import { describe, expect, test } from "vitest";
import { toTextOf } from "../../../plugins/postgres/values/column_value.ts";

const reconcile = (found: string, wanted: ColumnType) =>
  reconcileColumns(
    "s.t",
    [{ name: "C", type: canonicalType(found) }],
    [{ name: "c", type: wanted }],
  );

describe("a column that is there", () => {
  test.each<[string, ColumnType]>([
    ["integer", "bigint"],
    ["smallint", "numeric"],
    ["bigint", "numeric(21,2)"],
    ["integer", "double precision"],
    ["character varying(10)", "varchar(20)"],
    ["character varying(10)", "text"],
    ["numeric(10,2)", "numeric(12,2)"],
    ["numeric(10,2)", "numeric"],
  ])("%s is widened for %s", (found, wanted) => {
    expect(reconcile(found, wanted)).toEqual({
      add: [],
      widen: [{ name: "C", type: wanted }],
      columns: [{ name: "C", type: wanted }],
    });
    expect(reconcile(canonicalType(wanted), canonicalType(found) as ColumnType).widen).toEqual([]);
  });

  test.each<[string, ColumnType]>([
    ["text", "bigint"],
    ["bigint", "double precision"],
    ["bigint", "numeric(20,2)"],
    ["timestamp without time zone", "timestamptz"],
    ["boolean", "integer"],
    ["numeric(10,4)", "numeric(12,2)"],
    ["jsonb", "text"],
  ])("%s for %s is refused", (found, wanted) => {
    expect(() => reconcile(found, wanted)).toThrow(
      `Column "C" of s.t has the type ${canonicalType(found)}, but the load wants ${wanted}`,
    );
  });
});

test("types and names are checked before they reach a statement", () => {
  expect(checkedColumns([{ name: "Id", type: "bigint" }])).toEqual([
    { name: "id", type: "bigint" },
  ]);
  expect(() => checkedColumns([])).toThrow("columns is an empty list");
  expect(() =>
    checkedColumns([{ name: "a", type: "bigint); drop table x; --" as ColumnType }]),
  ).toThrow('the type "bigint); drop table x; --" of "a"');
  expect(() =>
    checkedColumns([
      { name: "a", type: "text" },
      { name: "A", type: "text" },
    ]),
  ).toThrow('the column "A" twice');
});

test.each<[ColumnType, Json, string]>([
  ["bigint", 5, "5"],
  ["bigint", "-9223372036854775808", "-9223372036854775808"],
  ["integer", "1.0", "1"],
  ["boolean", true, "t"],
  ["boolean", 0, "f"],
  ["boolean", "No", "f"],
  ["text", 1.5, "1.5"],
  ["text", { a: [1] }, '{"a":[1]}'],
  ["varchar(2)", "🚀🚀", "🚀🚀"],
  ["date", "2018-01-05", "2018-01-05"],
  ["timestamptz", "2018-01-05T04:00:00.123456Z", "2018-01-05T04:00:00.123456Z"],
  ["timestamptz", "2018-01-05 04:00:00+05", "2018-01-05 04:00:00+05"],
  ["numeric(5,2)", "1e2", "1e2"],
])("%s takes %j", (type, value, text) => {
  expect(toTextOf(type)(value as never)).toBe(text);
});

test.each<[ColumnType, Json, string]>([
  ["integer", 2_147_483_648, "within the range of integer"],
  ["bigint", "9223372036854775808", "within the range of bigint"],
  ["integer", 1.5, "a whole number"],
  ["integer", true, "a whole number"],
  ["bigint", "", "a whole number"],
  ["boolean", "maybe", "a boolean"],
  ["varchar(2)", "abc", "at most 2 characters long"],
  ["date", "2018-01-05T00:00:00Z", "an ISO 8601 date"],
  ["date", "05.01.2018", "an ISO 8601 date"],
  ["timestamptz", 1515110400, "an ISO 8601 date and time"],
  ["timestamptz", "2018-13-05T00:00:00Z", "an ISO 8601 date and time"],
  ["double precision", "NaN?", "a number"],
  ["numeric", [1], "a number"],
])("%s refuses %j", (type, value, what) => {
  expect(() => toTextOf(type)(value as never)).toThrow(`is not ${what}`);
});
