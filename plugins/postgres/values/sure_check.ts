/**
 * Values that a column surely takes as they are written, told by their bytes: the common
 * forms only. {@link toTextOf} decides about all others, so a check may say no to a good
 * value, but never yes to one that toTextOf would refuse or change. Pure.
 */
import type { KeptEnd, SureCheck } from "dagsmith/plugins/formats";
import type { ValueType } from "./value_type.ts";

/** Takes every text. */
export const anyBytes: SureCheck = () => true;

/** The check of a type; undefined when each of its values must be read. */
export function sureCheckOf(type: ValueType): SureCheck | undefined {
  // Lists and objects come from CSV in PostgreSQL's own form.
  return type.kind === "scalar" ? scalarCheck(type.name) : anyBytes;
}

/** Digits that a whole number surely may have. */
const WHOLE_DIGITS: Readonly<Record<string, number>> = { smallint: 4, integer: 9, bigint: 18 };

/**
 * Where the value ends that a whole number has before `.0`, as many tools write a column
 * that has nulls; undefined for other types.
 */
export function keptEndOf(type: ValueType): KeptEnd | undefined {
  const digits = type.kind === "scalar" ? WHOLE_DIGITS[type.name] : undefined;
  return digits === undefined ? undefined : wholeEnd(digits);
}

function wholeEnd(digits: number): KeptEnd {
  const isWhole = whole(digits);
  return (bytes, from, to) => {
    let point = to - 1;
    while (point > from && bytes[point] === ZERO) point -= 1;
    return bytes[point] === POINT && isWhole(bytes, from, point) ? point : -1;
  };
}

function scalarCheck(type: string): SureCheck | undefined {
  const [, base = type, size, scale = "0"] = /^(\w+)\((\d+)(?:,(-?\d+))?\)$/.exec(type) ?? [];
  switch (base) {
    case "smallint":
    case "integer":
    case "bigint":
      return whole(WHOLE_DIGITS[base] ?? 0);
    case "numeric":
      return decimal(size === undefined ? Number.POSITIVE_INFINITY : Number(scale));
    case "real":
    case "double precision":
      return decimal(Number.POSITIVE_INFINITY);
    case "boolean":
      return isBoolean;
    case "date":
      return (bytes, from, to) => to - from === DATE_LENGTH && isDate(bytes, from);
    case "timestamp":
      return moment(Number(size ?? 6), false);
    case "timestamptz":
      return moment(Number(size ?? 6), true);
    case "time":
    case "timetz":
      return (bytes, from, to) => to - from === TIME_LENGTH && isTime(bytes, from);
    case "varchar":
    case "char":
      // A character has at least one byte.
      return (_, from, to) => to - from <= Number(size ?? 1);
    case "jsonb":
      return undefined;
    default:
      return anyBytes;
  }
}

const [ZERO, NINE, MINUS, POINT] = [48, 57, 45, 46];

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE;
}

/** Where the digits end that begin at a place. */
function digitsEnd(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && isDigit(bytes[at])) at += 1;
  return at;
}

/** A whole number of so few digits that it is in range. */
function whole(digits: number): SureCheck {
  return (bytes, from, to) => {
    const start = bytes[from] === MINUS ? from + 1 : from;
    return to > start && to - start <= digits && digitsEnd(bytes, start, to) === to;
  };
}

function decimal(digits: number): SureCheck {
  return (bytes, from, to) => {
    const start = bytes[from] === MINUS ? from + 1 : from;
    const point = digitsEnd(bytes, start, to);
    if (point === start) return false;
    if (point === to) return digits >= 0;
    if (bytes[point] !== POINT || to - point - 1 > digits || to === point + 1) return false;
    return digitsEnd(bytes, point + 1, to) === to;
  };
}

const BOOLEANS = ["t", "f", "true", "false", "1", "0"].map((word) => Buffer.from(word));

function isBoolean(bytes: Uint8Array, from: number, to: number): boolean {
  return BOOLEANS.some(
    (word) => word.length === to - from && word.every((byte, at) => bytes[from + at] === byte),
  );
}

const DATE_LENGTH = "2020-01-01".length;
const TIME_LENGTH = "00:00:00".length;
const DAYS = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Two digits as a number; -1 when they are none. */
function pair(bytes: Uint8Array, at: number): number {
  if (!isDigit(bytes[at]) || !isDigit(bytes[at + 1])) return -1;
  return ((bytes[at] as number) - ZERO) * 10 + (bytes[at + 1] as number) - ZERO;
}

/** A date that exists in every year, in a year of four digits. */
function isDate(bytes: Uint8Array, at: number): boolean {
  const [century, year] = [pair(bytes, at), pair(bytes, at + 2)];
  const [month, day] = [pair(bytes, at + 5), pair(bytes, at + 8)];
  if (century < 1 || year < 0 || bytes[at + 4] !== MINUS || bytes[at + 7] !== MINUS) return false;
  return day >= 1 && day <= (DAYS[month] ?? 0);
}

const COLON = 58;

function isTime(bytes: Uint8Array, at: number): boolean {
  if (bytes[at + 2] !== COLON || bytes[at + 5] !== COLON) return false;
  const [hour, minute, second] = [pair(bytes, at), pair(bytes, at + 3), pair(bytes, at + 6)];
  return isUpTo(hour, 23) && isUpTo(minute, 59) && isUpTo(second, 59);
}

function isUpTo(number: number, most: number): boolean {
  return number >= 0 && number <= most;
}

const [SPACE, LETTER_T, LETTER_Z] = [32, 84, 90];

/**
 * A date with a time of day, in UTC (`Z`) or without an offset.
 * @param hasOffset whether it may end in an offset of whole hours or minutes, too
 */
function moment(digits: number, hasOffset: boolean): SureCheck {
  return (bytes, from, to) => {
    const time = from + DATE_LENGTH + 1;
    const fraction = time + TIME_LENGTH;
    const end = hasOffset ? beforeOffset(bytes, fraction, to) : beforeZ(bytes, to);
    const between = bytes[time - 1];
    if (end < fraction || !(between === SPACE || between === LETTER_T)) return false;
    if (!isDate(bytes, from) || !isTime(bytes, time)) return false;
    if (end === fraction) return true;
    if (bytes[fraction] !== POINT || end === fraction + 1) return false;
    return end - fraction - 1 <= digits && digitsEnd(bytes, fraction + 1, end) === end;
  };
}

function beforeZ(bytes: Uint8Array, to: number): number {
  return bytes[to - 1] === LETTER_Z ? to - 1 : to;
}

const PLUS = 43;
const OFFSET_HOURS = 12;

/** Where the time ends that `+01`, `+01:00` or `Z` follows. */
function beforeOffset(bytes: Uint8Array, from: number, to: number): number {
  for (const length of [3, 6]) {
    const sign = to - length;
    if (sign < from || !(bytes[sign] === PLUS || bytes[sign] === MINUS)) continue;
    const isGood = isUpTo(pair(bytes, sign + 1), OFFSET_HOURS);
    const hasMinutes = bytes[sign + 3] === COLON && isUpTo(pair(bytes, sign + 4), 59);
    return isGood && (length === 3 || hasMinutes) ? sign : to;
  }
  return beforeZ(bytes, to);
}
