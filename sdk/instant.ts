/**
 * Instants as DAG files write them: ISO 8601, in the DAG's timezone without an offset.
 * All other code uses UTC.
 */
import { DateTime } from "luxon";
import { DagsmithError } from "./errors.ts";

/**
 * The instant as ISO 8601 in UTC.
 * @throws DagsmithError INVALID_DATE
 */
export function utcInstant(text: string, zone: string, where: string): string {
  const utc = typeof text === "string" ? utcIso(DateTime.fromISO(text, { zone })) : null;
  if (utc !== null) return utc;
  throw new DagsmithError("INVALID_DATE", { found: JSON.stringify(text) ?? "undefined", where });
}

/**
 * The date as ISO 8601 in UTC; null for an invalid date, and outside the years 1 to 9999,
 * which ISO 8601 writes in a form that databases do not read.
 */
export function utcIso(date: DateTime): string | null {
  const utc = date.toUTC();
  return utc.isValid && utc.year >= 1 && utc.year <= 9999 ? utc.toISO() : null;
}
