/**
 * A value of JSON or CSV as the text of a column. PostgreSQL would find most of these faults too, but names them by the row of a COPY and
 * not by the line of the file. Pure.
 */
import type { Json } from "dagsmith";
import type { ColumnType } from "./columns.ts";

/** Why a value does not fit a column; the caller knows line and column. */
export class MisfitError extends Error {}

/** The text of a value that is not null. @throws MisfitError */
export type ToText = (value: Exclude<Json, null>) => string;

const WHOLE = /^[+-]?\d+$/;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const ISO_DATE = /^\d{4}-\d\d-\d\d$/;
const ISO_TIME = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?( ?(Z|[+-]\d\d(:?\d\d)?))?)?$/;
const BOOLEANS: Readonly<Record<string, string>> = {
  true: "t",
  false: "f",
  t: "t",
  f: "f",
  "1": "t",
  "0": "f",
  yes: "t",
  no: "f",
};
const RANGES = { smallint: 2n ** 15n, integer: 2n ** 31n, bigint: 2n ** 63n };

/** How a column of this type reads its values. */
export function toTextOf(type: ColumnType): ToText {
  switch (type) {
    case "smallint":
    case "integer":
    case "bigint":
      return (value) => wholeNumber(type, value);
    case "boolean":
      return (value) => BOOLEANS[plain(value).toLowerCase()] ?? misfit(value, "a boolean");
    case "date":
      return (value) => moment(value, ISO_DATE, "an ISO 8601 date");
    case "timestamp":
    case "timestamptz":
      return (value) => moment(value, ISO_TIME, "an ISO 8601 date and time");
    case "text":
      return anyText;
    default:
      return type.startsWith("varchar(")
        ? limitedText(Number(type.slice(8, -1)))
        : (value) => matching(value, NUMBER, "a number");
  }
}

function wholeNumber(type: keyof typeof RANGES, value: Exclude<Json, null>): string {
  // A column that held a null somewhere comes out of many tools as 1.0.
  const text = matching(value, /^[+-]?\d+(\.0*)?$/, "a whole number").replace(/\.0*$/, "");
  if (!WHOLE.test(text)) return misfit(value, "a whole number");
  const limit = RANGES[type];
  const number = BigInt(text.replace("+", ""));
  return number >= -limit && number < limit ? text : misfit(value, `within the range of ${type}`);
}

function moment(value: Exclude<Json, null>, form: RegExp, what: string): string {
  const text = matching(value, form, what);
  // Date.parse knows +05:30 but not +05.
  return Number.isNaN(Date.parse(text.replace(/(:[\d.]+) ?([+-]\d\d)$/, "$1$2:00")))
    ? misfit(value, what)
    : text;
}

function limitedText(limit: number): ToText {
  return (value) => {
    const text = anyText(value);
    // A character is a code point, so the number of UTF-16 units is only an upper bound.
    return text.length <= limit || [...text].length <= limit
      ? text
      : misfit(value, `at most ${limit} characters long`);
  };
}

function anyText(value: Exclude<Json, null>): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function matching(value: Exclude<Json, null>, form: RegExp, what: string): string {
  const text = plain(value).trim();
  return form.test(text) ? text : misfit(value, what);
}

function plain(value: Exclude<Json, null>): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function misfit(value: Exclude<Json, null>, what: string): never {
  const found = JSON.stringify(value);
  throw new MisfitError(`${found.length > 60 ? `${found.slice(0, 60)}…` : found} is not ${what}`);
}
