/**
 * A value of JSON or CSV as the text of a column. PostgreSQL would find most of these
 * faults too, but some it would round, and none it names by the line of the file. Pure.
 */
import type { Json } from "dagsmith";
import { losesKeys } from "dagsmith/plugins/formats";
import { isDate, isMoment } from "./calendar.ts";

/** Why a value does not fit a column; the caller knows line and column. */
export class MisfitError extends Error {}

/** A value that is not null. */
export type Value = Exclude<Json, null>;

/**
 * The text of a value.
 * @param written the JSON text of the value, when the file has one
 * @throws MisfitError
 */
export type ToText = (value: Value, written?: () => string) => string;

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const NOT_FINITE = /^[+-]?(nan|inf|infinity)$/i;
const BOOLEANS: Readonly<Record<string, string>> = {
  true: "t",
  false: "f",
  t: "t",
  f: "f",
  "1": "t",
  "0": "f",
  yes: "t",
  no: "f",
  y: "t",
  n: "f",
  on: "t",
  off: "f",
};
const RANGES = { smallint: 2n ** 15n, integer: 2n ** 31n, bigint: 2n ** 63n };
/** Whole numbers of so many digits are surely in range. */
const SURE_DIGITS = { smallint: 4, integer: 9, bigint: 18 };

/** How a column of a type with one text reads its values. */
export function toTextOf(type: string): ToText {
  const [, base = type, size, scale] = /^(\w+)\((\d+)(?:,(-?\d+))?\)$/.exec(type) ?? [];
  switch (base) {
    case "smallint":
    case "integer":
    case "bigint":
      return (value, written) => wholeNumber(base, value, written);
    case "numeric":
      return decimal(size === undefined ? Number.POSITIVE_INFINITY : Number(scale ?? 0));
    case "real":
    case "double precision":
      return decimal(Number.POSITIVE_INFINITY);
    case "boolean":
      return (value) => BOOLEANS[plain(value).trim().toLowerCase()] ?? misfit(value, "a boolean");
    case "date":
      return (value) => matching(value, isDate, "an ISO 8601 date");
    case "timestamp":
      return momentWithoutZone(moment(Number(size ?? 6)));
    case "timestamptz":
      return moment(Number(size ?? 6));
    case "time":
    case "timetz":
      return timeOfDay(Number(size ?? 6));
    case "varchar":
    case "char":
      return limitedText(Number(size ?? 1), base === "char");
    case "json":
      return (value, written) => written?.() ?? anyText(value);
    case "jsonb":
      return (value, written) => {
        const text = written?.() ?? anyText(value);
        return losesKeys(text) ? misfit(text, "JSON with each key once, as jsonb keeps it") : text;
      };
    default:
      return anyText;
  }
}

function wholeNumber(
  type: keyof typeof RANGES,
  value: Value,
  written: (() => string) | undefined,
): string {
  const found = numberText(value, written);
  // A column that held a null somewhere comes out of many tools as 1.0.
  const text = isShortPower(found) ? String(Number(found)) : found.replace(/\.0*$/, "");
  if (!/^[+-]?\d+$/.test(text)) return misfit(found, "a whole number");
  if (text.length <= SURE_DIGITS[type]) return text;
  const limit = RANGES[type];
  const number = BigInt(text.replace("+", ""));
  return number >= -limit && number < limit ? text : misfit(found, `within the range of ${type}`);
}

/** `1e3`, which is a whole number that a double holds exactly. */
function isShortPower(text: string): boolean {
  return /^[+-]?\d{1,9}(\.\d{1,6})?e\+?\d\d?$/i.test(text) && Number.isSafeInteger(Number(text));
}

/** @param digits how many digits after the point the column keeps */
function decimal(digits: number): ToText {
  return (value, written) => {
    const text = numberText(value, written);
    if (!NUMBER.test(text) && !NOT_FINITE.test(text)) return misfit(text, "a number");
    if (digits !== Number.POSITIVE_INFINITY && digitsAfterPoint(text) > digits)
      return misfit(text, digitsWanted(digits));
    return text;
  };
}

function digitsWanted(digits: number): string {
  return digits < 0
    ? `a multiple of 1${"0".repeat(-digits)}`
    : `a number with at most ${digits} digits after the point`;
}

/** Of 1.50 one, of 100e-2 none, of 12300 two less than none; of zero always few enough. */
function digitsAfterPoint(text: string): number {
  const [, whole = "", fraction = "", power = "0"] =
    /^[+-]?(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i.exec(text) ?? [];
  const digits = `${whole}${fraction}`.replace(/0+$/, "");
  return digits === "" ? Number.NEGATIVE_INFINITY : digits.length - whole.length - Number(power);
}

function numberText(value: Value, written: (() => string) | undefined): string {
  if (typeof value === "string") return value.trim();
  return typeof value === "number" ? (written?.() ?? numeral(value)) : plain(value);
}

function numeral(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

function moment(digits: number): ToText {
  const what =
    digits < 6
      ? `an ISO 8601 date and time with at most ${digits} digits of a second`
      : "an ISO 8601 date and time";
  return (value) => matching(value, (text) => isMoment(text, digits), what);
}

const OFFSET = /:\d\d(?:\.\d+)?\s*([+-][\d:]+)(?: BC)?$/i;

/** PostgreSQL would drop the offset, and with it the moment. */
function momentWithoutZone(read: ToText): ToText {
  return (value, written) => {
    const text = read(value, written);
    return /[1-9]/.test(OFFSET.exec(text)?.[1] ?? "")
      ? misfit(value, "a date and time without an offset: load it into a timestamptz")
      : text;
  };
}

function timeOfDay(digits: number): ToText {
  const fits = (text: string): boolean =>
    (/\.(\d+)/.exec(text)?.[1] ?? "").replace(/0+$/, "").length <= digits;
  return (value) => matching(value, fits, `a time with at most ${digits} digits of a second`);
}

/** @param isPadded spaces at the end mean nothing, as in char(n) */
function limitedText(limit: number, isPadded: boolean): ToText {
  return (value, written) => {
    const text = anyText(value, written);
    // A character is a code point, so the number of UTF-16 units is only an upper bound.
    if (text.length <= limit || [...text].length <= limit) return text;
    return isPadded && [...text.replace(/ +$/, "")].length <= limit
      ? text
      : misfit(value, `at most ${limit} characters long`);
  };
}

function anyText(value: Value, written?: () => string): string {
  return typeof value === "string" ? value : (written?.() ?? plain(value));
}

function matching(value: Value, fits: (text: string) => boolean, what: string): string {
  const text = plain(value).trim();
  return fits(text) ? text : misfit(value, what);
}

function plain(value: Value): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Refuses a value. @throws MisfitError */
export function misfit(value: Value, what: string): never {
  const found = JSON.stringify(value);
  throw new MisfitError(`${found.length > 60 ? `${found.slice(0, 60)}…` : found} is not ${what}`);
}
