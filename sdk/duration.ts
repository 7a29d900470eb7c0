/**
 * Lengths of time as DAG files write them: `"5m"`, `"1h30m"`, `"PT5M"`. All other code
 * uses milliseconds.
 */
import { Duration as LuxonDuration } from "luxon";
import { DagsmithError } from "./errors.ts";

type Unit = "ms" | "s" | "m" | "h" | "d" | "w";

/**
 * A length of time: one to three numbers, each with a unit (`ms`, `s`, `m` for minutes,
 * `h`, `d` for 24 hours, `w` for 7 days); or ISO 8601 (`PT5M`) without years and months,
 * which have no fixed length.
 * @example const delay: Duration = "1h30m";
 */
export type Duration =
  | `${number}${Unit}`
  | `${number}${Unit}${number}${Unit}`
  | `${number}${Unit}${number}${Unit}${number}${Unit}`
  | `P${string}`;

const UNIT_MS: Readonly<Record<Unit, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/**
 * The length in whole milliseconds, zero or more.
 * @throws DagsmithError INVALID_DURATION when the text has neither form, or is negative
 * @example durationMs("1h30m") // 5_400_000
 */
export function durationMs(duration: Duration): number {
  const text = String(duration);
  const ms = Math.round(text.startsWith("P") ? isoMs(text) : unitsMs(text));
  if (!Number.isFinite(ms) || ms < 0)
    throw new DagsmithError("INVALID_DURATION", { found: JSON.stringify(duration) ?? "undefined" });
  return ms;
}

function isoMs(text: string): number {
  const duration = LuxonDuration.fromISO(text);
  const hasLength = /\d/.test(text) && !duration.years && !duration.months;
  return hasLength ? duration.toMillis() : Number.NaN;
}

function unitsMs(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== text) return Number.NaN;
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * UNIT_MS[unit as Unit], 0);
}
