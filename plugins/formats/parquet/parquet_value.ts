/**
 * Values of Parquet as JSON has them, exactly: the library alone would round decimals, cut
 * microseconds and replace bytes that are not text. Pure.
 */
import type { Json } from "dagsmith";
import type { FileMetaData, ParquetParsers, SchemaElement, SchemaTree } from "hyparquet";
import { dateText, momentText, timeText } from "./moment_text.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Gaps of a column come as undefined. */
const unlessGap =
  <Value>(read: (value: Value) => string) =>
  (value: Value | undefined): string | undefined =>
    value === undefined ? undefined : read(value);

const text = unlessGap((bytes: Uint8Array) => decoder.decode(bytes));

/** How the library reads annotated values: each distinct one once, where it can. */
export const PARSERS: Partial<ParquetParsers> = {
  stringFromBytes: text,
  jsonFromBytes: text,
  timestampFromMilliseconds: unlessGap((millis: bigint) => momentText(millis * 1_000_000n)),
  timestampFromMicroseconds: unlessGap((micros: bigint) => momentText(micros * 1_000n)),
  timestampFromNanoseconds: unlessGap(momentText),
  dateFromDays: unlessGap(dateText),
};

/** The metadata of a file whose decimals and times the library gives as they are stored. */
export function withRawValues(metadata: FileMetaData): FileMetaData {
  return { ...metadata, schema: metadata.schema.map(raw) };
}

function raw(element: SchemaElement): SchemaElement {
  if (scaleOf(element) === undefined && digitsOf(element) === undefined) return element;
  const { converted_type: _, logical_type: __, ...stored } = element;
  return stored;
}

/** How many digits of a decimal stand after the point; undefined for other types. */
function scaleOf({ converted_type, logical_type, scale }: SchemaElement): number | undefined {
  if (logical_type?.type === "DECIMAL") return logical_type.scale;
  return converted_type === "DECIMAL" ? (scale ?? 0) : undefined;
}

const TIME_DIGITS = { MILLIS: 3, MICROS: 6, NANOS: 9 };

/** The digits of a second that a time of day has; undefined for other types. */
function digitsOf({ converted_type, logical_type }: SchemaElement): number | undefined {
  if (logical_type?.type === "TIME") return TIME_DIGITS[logical_type.unit];
  if (converted_type === "TIME_MILLIS") return TIME_DIGITS.MILLIS;
  return converted_type === "TIME_MICROS" ? TIME_DIGITS.MICROS : undefined;
}

/** The type of a column that cannot be read; null when it can. */
export function unreadableType({ element, children }: SchemaTree): string | null {
  const { converted_type: type } = element;
  if (type === "INTERVAL" || type === "BSON") return type;
  return children.map(unreadableType).find((found) => found !== null) ?? null;
}

/** A value that is there, and no list. */
type Reader = (value: unknown) => Json;

/** How the values of a column are read. */
export function valueReader(node: SchemaTree): Reader {
  const ofOne = readerOfOne(node);
  const read: Reader = (value) => {
    if (value === null || value === undefined) return null;
    return Array.isArray(value) ? value.map(read) : ofOne(value);
  };
  return read;
}

function readerOfOne(node: SchemaTree): Reader {
  const { element, children } = node;
  const [first] = children;
  if (first === undefined) return leafReader(element);
  const kind = element.logical_type?.type ?? element.converted_type;
  // A list has a group around its items, but for files of old writers.
  if (kind === "LIST")
    return valueReader(first.children.length === 1 ? (first.children[0] ?? first) : first);
  if (kind === "MAP" || kind === "MAP_KEY_VALUE") return objectReader(() => first.children[1]);
  return objectReader((key) => children.find((child) => child.element.name === key));
}

function objectReader(nodeOf: (key: string) => SchemaTree | undefined): Reader {
  const readers = new Map<string, Reader>();
  const readerOf = (key: string): Reader => {
    const node = nodeOf(key);
    return node ? valueReader(node) : plain;
  };
  return (value) =>
    Object.fromEntries(
      Object.entries(value as object).map(([key, item]) => {
        const read = readers.get(key) ?? readerOf(key);
        readers.set(key, read);
        return [key, read(item)];
      }),
    );
}

function leafReader(element: SchemaElement): Reader {
  const [scale, digits] = [scaleOf(element), digitsOf(element)];
  if (scale !== undefined) return (value) => decimalText(unscaled(value), scale);
  if (digits !== undefined) return (value) => timeText(BigInt(value as number | bigint), digits);
  return plain;
}

/** A stored number: whole, or the bytes of one with the highest first. */
function unscaled(value: unknown): bigint {
  if (!(value instanceof Uint8Array)) return BigInt(value as number | bigint);
  return BigInt.asIntN(value.length * 8, BigInt(`0x0${Buffer.from(value).toString("hex")}`));
}

function decimalText(value: bigint, scale: number): string {
  const sign = value < 0n ? "-" : "";
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, "0");
  if (scale === 0) return `${sign}${digits}`;
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

function plain(value: unknown): Json {
  if (typeof value === "bigint") return isSafe(value) ? Number(value) : String(value);
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString("hex")}`;
  if (value instanceof Date) return value.toISOString();
  if (value === undefined) return null;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value as Json;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

function isSafe(value: bigint): boolean {
  return value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER;
}
