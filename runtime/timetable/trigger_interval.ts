/** The data interval of a run at a tick: a length before it, by default none. */
import type { CalendarLength } from "../../sdk/spec/index.ts";
import { type Interval, type RunInfo, runOver } from "./interval.ts";
import { before } from "./lengths/calendar.ts";

/**
 * How far the interval reaches back: on the calendar with a calendar length, otherwise in
 * absolute time.
 */
export interface IntervalBeforeTick {
  readonly timezone: string;
  readonly intervalMs: number;
  readonly calendarInterval?: CalendarLength;
}

export function runAtTick(reach: IntervalBeforeTick, tick: number): RunInfo {
  return runOver(startOf(reach, tick), tick);
}

export function intervalAt(reach: IntervalBeforeTick, tick: number): Interval {
  return { start: new Date(startOf(reach, tick)), end: new Date(tick) };
}

function startOf(
  { timezone, intervalMs, calendarInterval: length }: IntervalBeforeTick,
  tick: number,
): number {
  return length === undefined ? tick - intervalMs : before({ length, timezone }, tick);
}
