/** Instants as people write them: ISO 8601, in a DAG's timezone where it names no offset. In UTC everywhere else. */
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

/** Null for what is no date, and beyond the years 1 to 9999: there ISO 8601 is written in a form that databases do not read. */
export function utcIso(date: DateTime): string | null {
  const utc = date.toUTC();
  return utc.isValid && utc.year >= 1 && utc.year <= 9999 ? utc.toISO() : null;
}
