/** How a column is stored in Parquet, and how its values become what is stored. Pure. */
import { DagsmithError } from "dagsmith";
import type { SchemaElement } from "hyparquet-writer";
import type { FileColumn } from "./column.ts";
import { jsonValue, unfit } from "./text_value.ts";

/** A column of a Parquet file. */
export interface ParquetColumn {
  readonly element: SchemaElement;
  /** @throws UnfitError for a value that the column does not hold exactly */
  readonly stored: (value: unknown) => unknown;
}

type Storage = readonly [element: Omit<SchemaElement, "name">, stored: (value: unknown) => unknown];

const moment = (isAdjustedToUTC: boolean): Storage => [
  { type: "INT64", logical_type: { type: "TIMESTAMP", isAdjustedToUTC, unit: "MICROS" } },
  (value) => micros(value),
];

const STORAGES: Readonly<Record<string, Storage>> = {
  boolean: [
    { type: "BOOLEAN" },
    (value) => (typeof value === "boolean" ? value : unfit(value, "a boolean")),
  ],
  integer: [{ type: "INT32" }, (value) => Number(whole(value, 32))],
  bigint: [{ type: "INT64" }, (value) => whole(value, 64)],
  "double precision": [{ type: "DOUBLE" }, double],
  text: [
    { type: "BYTE_ARRAY", converted_type: "UTF8", logical_type: { type: "STRING" } },
    (value) => (typeof value === "string" && value.isWellFormed() ? value : unfit(value, "a text")),
  ],
  json: [{ type: "BYTE_ARRAY", converted_type: "JSON" }, jsonValue],
  bytea: [{ type: "BYTE_ARRAY" }, bytes],
  date: [{ type: "INT32", converted_type: "DATE", logical_type: { type: "DATE" } }, days],
  timestamp: moment(false),
  timestamptz: moment(true),
};

/** @throws DagsmithError INVALID_OPTION for a type that is not known */
export function parquetColumn({ name, type = "text" }: FileColumn): ParquetColumn {
  const storage = STORAGES[type] ?? decimal(type);
  if (storage === undefined)
    throw new DagsmithError("INVALID_OPTION", {
      where: "writeRows()",
      option: "columns",
      found: `the type "${type}" of "${name}"`,
      allowed: `${Object.keys(STORAGES).join(", ")} or numeric(p,s) with p up to 38`,
    });
  const [element, stored] = storage;
  return { element: { ...element, name, repetition_type: "OPTIONAL" }, stored };
}

/** Digits that a whole number of 64 bits holds. */
const SHORT_DIGITS = 18;
const MOST_DIGITS = 38;

function decimal(type: string): Storage | undefined {
  const [, precision, scale] = (/^numeric\((\d+),(\d+)\)$/.exec(type) ?? []).map(Number);
  if (precision === undefined || scale === undefined) return undefined;
  if (precision < 1 || precision > MOST_DIGITS || scale > precision) return undefined;
  const kind = { converted_type: "DECIMAL", precision, scale } as const;
  const logical = { logical_type: { type: "DECIMAL", precision, scale } } as const;
  const isShort = precision <= SHORT_DIGITS;
  const size = isShort
    ? { type: "INT64" as const }
    : { type: "FIXED_LEN_BYTE_ARRAY" as const, type_length: 16 };
  return [{ ...size, ...kind, ...logical }, (value) => unscaled(value, precision, scale)];
}

const NUMBER = /^([+-]?)(\d+)(?:\.(\d+))?$/;

function unscaled(value: unknown, precision: number, scale: number): bigint {
  const [, sign = "", whole = "", fraction = ""] = NUMBER.exec(numeral(value)) ?? [];
  const kept = fraction.replace(/0+$/, "");
  const digits = `${whole}${kept.padEnd(scale, "0")}`.replace(/^0+(?=\d)/, "");
  if (whole === "" || kept.length > scale || digits.length > precision)
    return unfit(value, `a number that numeric(${precision},${scale}) holds`);
  return BigInt(`${sign === "-" ? "-" : ""}${digits}`);
}

function numeral(value: unknown): string {
  return typeof value === "string" ? value.trim() : String(value);
}

function whole(value: unknown, bits: number): bigint {
  const text = numeral(value);
  const number = /^[+-]?\d+$/.test(text) ? BigInt(text.replace("+", "")) : undefined;
  return number !== undefined && BigInt.asIntN(bits, number) === number
    ? number
    : unfit(value, `a whole number of ${bits} bits`);
}

function double(value: unknown): number {
  const text = numeral(value);
  const number = text === "" ? Number.NaN : Number(text);
  return Number.isNaN(number) && text !== "NaN" ? unfit(value, "a number") : number;
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Bytes, or base64 as the hooks of databases give them. */
function bytes(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  return typeof value === "string" && BASE64.test(value)
    ? Buffer.from(value, "base64")
    : unfit(value, "bytes, or their base64");
}

const MOMENT =
  /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d(?::?\d\d)?)?$/;

/** Microseconds since 1970; a text without an offset is in UTC. */
function micros(value: unknown): bigint {
  if (value instanceof Date) return BigInt(value.getTime()) * 1000n;
  const [, date, time = "00:00:00", fraction = "", offset = "Z"] =
    MOMENT.exec(isoText(value)) ?? [];
  const zone = /^[+-]\d\d$/.test(offset) ? `${offset}:00` : offset;
  const millis = date === undefined ? Number.NaN : Date.parse(`${date}T${time}${zone}`);
  const kept = fraction.replace(/0+$/, "");
  if (Number.isNaN(millis) || kept.length > 6 || !isDay(date ?? ""))
    return unfit(value, "an ISO 8601 date and time with at most 6 digits of a second");
  return BigInt(millis) * 1000n + BigInt(kept.padEnd(6, "0"));
}

const DAY_MS = 24 * 60 * 60 * 1000;

function days(value: unknown): number {
  const text = isoText(value);
  return isDay(text)
    ? Date.parse(text) / DAY_MS
    : unfit(value, "an ISO 8601 date, such as 2018-01-05");
}

/** `2018-02-30` would become a day of March. */
function isDay(text: string): boolean {
  return (
    /^\d{4}-\d\d-\d\d$/.test(text) && new Date(`${text}T00:00:00Z`).toJSON()?.slice(0, 10) === text
  );
}

/** The text of a value, also of a DateTime of luxon. */
function isoText(value: unknown): string {
  if (typeof value === "string") return value.trim();
  return typeof value === "object" ? (jsonText(value) ?? "") : "";
}

function jsonText(value: unknown): string | undefined {
  const text: unknown = (value as { toJSON?: () => unknown })?.toJSON?.();
  return typeof text === "string" ? text : undefined;
}
