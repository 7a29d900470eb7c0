/**
 * The rows of an interval of time: what GitHub is asked for, which rows count, and where
 * reading may end. Pure.
 */
import type { DataInterval } from "dagsmith";
import type { GithubRecord } from "./flatten.ts";
import type { GithubPayload, IntervalRule } from "./objects.ts";

/** The parameters by which GitHub leaves out rows before, or also after, the interval. */
export function intervalQuery(
  { from, to, latestFirst }: IntervalRule,
  { start, end }: DataInterval,
): GithubPayload {
  return {
    ...latestFirst,
    ...(from && { [from]: secondsOf(start) }),
    ...(to && { [to]: secondsOf(end) }),
  };
}

/** GitHub takes times to the second. The start is never rounded up. */
function secondsOf(time: DataInterval["start"]): string {
  return time.toUTC().startOf("second").toISO({ suppressMilliseconds: true });
}

/** The start is in the interval, its end is not: each row has one interval. */
export function isWithin(
  { time }: IntervalRule,
  { start, end }: DataInterval,
  row: GithubRecord,
): boolean {
  const millis = millisOf(row[time]);
  return millis >= start.toMillis() && millis < end.toMillis();
}

/** Whether all rows after this page are before the interval. */
export function endsBefore(
  { time, latestFirst }: IntervalRule,
  { start }: DataInterval,
  page: readonly GithubRecord[],
): boolean {
  return latestFirst !== undefined && millisOf(page.at(-1)?.[time]) < start.toMillis();
}

/** NaN, which is in no interval, for a row without the time, such as a draft. */
function millisOf(time: GithubRecord[string] | undefined): number {
  return Date.parse(String(time));
}
