/** Dates and timezones: `datetime`, `pendulum.datetime`, `timezone`. */
import { lastName, numberOf, textOf, type Value } from "../evaluate/value.ts";

interface FoundDate {
  /** ISO 8601 without an offset. */
  readonly text: string;
  /** An IANA name; null when the date names none. */
  readonly zone: string | null;
}

const PARTS = ["year", "month", "day", "hour", "minute", "second"];

/** A fixed date; undefined for a date that moves, such as `days_ago(1)`. */
export function dateOf(value: Value): FoundDate | undefined {
  const text = textOf(value);
  if (text !== undefined && /^\d{4}-\d{2}-\d{2}/.test(text)) return { text, zone: null };
  if (value.kind !== "call" || lastName(value.path) !== "datetime") return undefined;
  const numbers = PARTS.map((part, index) => numberOf(value.named.get(part) ?? value.args[index]));
  const [year, month, day, ...time] = numbers;
  if (year === undefined || month === undefined || day === undefined) return undefined;
  const date = `${pad(year, 4)}-${pad(month)}-${pad(day)}`;
  const clock = time.map((part) => pad(part ?? 0)).join(":");
  const zone = zoneOf(value.named.get("tz") ?? value.named.get("tzinfo") ?? value.args[7]);
  return { text: clock === "00:00:00" ? date : `${date}T${clock}`, zone };
}

function pad(part: number, length = 2): string {
  return String(part).padStart(length, "0");
}

/** The IANA name of a timezone; null when there is none. */
function zoneOf(value: Value | undefined): string | null {
  const text = textOf(value);
  if (text !== undefined) return text;
  if (value?.kind === "symbol") return /utc$/i.test(value.path) ? "UTC" : null;
  if (value?.kind !== "call") return null;
  return textOf(value.args[0]) ?? null;
}
