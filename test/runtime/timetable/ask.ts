/**
 * Asks timetables in the words of these tests: instants as ISO text without milliseconds.
 */

import { type Interval, nextRun, type RunInfo } from "../../../runtime/timetable/index.ts";
import { CRON_PRESETS } from "../../../sdk/schedule/cron_presets.ts";
import type { CalendarLength, Catchup, ScheduleSpec } from "../../../sdk/spec/index.ts";

export interface Question {
  readonly catchup?: Catchup;
  readonly start?: string;
  readonly end?: string;
  readonly last?: readonly [string, string];
  readonly now?: string;
}

export const over = (cron: string, timezone = "UTC"): ScheduleSpec => ({
  type: "cron_data_interval",
  cron: (CRON_PRESETS as Record<string, string>)[cron] ?? cron,
  timezone,
});
export const at = (cron: string, timezone = "UTC", intervalMs = 0): ScheduleSpec => ({
  type: "cron_trigger",
  cron,
  timezone,
  intervalMs,
});
export const atAny = (crons: readonly string[], timezone = "UTC"): ScheduleSpec => ({
  type: "multi_cron_trigger",
  crons,
  timezone,
  intervalMs: 0,
});
export const partition = (
  cron: string,
  offset = 0,
  timezone = "UTC",
  keyFormat = "%Y-%m-%d",
): ScheduleSpec => ({
  type: "cron_partition",
  cron,
  timezone,
  offset,
  keyFormat,
  keyTimezone: timezone,
});
export const atEach = (deltaMs: number, intervalMs = 0): ScheduleSpec => ({
  type: "delta_trigger",
  deltaMs,
  timezone: "UTC",
  intervalMs,
});
export const months = (count: number, timezone = "UTC"): ScheduleSpec => ({
  type: "calendar_data_interval",
  length: { months: count, days: 0 },
  timezone,
});
export const days = (count: number, timezone = "UTC"): ScheduleSpec => ({
  type: "calendar_data_interval",
  length: { months: 0, days: count },
  timezone,
});
export const atEachLength = (length: CalendarLength, timezone = "UTC"): ScheduleSpec => ({
  type: "calendar_trigger",
  length,
  timezone,
  intervalMs: 0,
});
export const on = (instants: readonly string[], restrictToInstants = false): ScheduleSpec => ({
  type: "instants",
  instants,
  restrictToInstants,
});
export const each = (deltaMs: number): ScheduleSpec => ({ type: "delta_data_interval", deltaMs });

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export function ask(
  schedule: ScheduleSpec,
  { catchup = "all", start, end, last, now = "2024-03-20T12:00Z" }: Question,
): RunInfo | null {
  const restriction = { earliest: dateOrNull(start), latest: dateOrNull(end), catchup };
  return nextRun(schedule, last ? interval(last[0], last[1]) : null, restriction, new Date(now));
}

/** Up to `count` runs, each asked for with the interval of the one before. */
export function askInTurn(schedule: ScheduleSpec, question: Question, count: number): RunInfo[] {
  const runs: RunInfo[] = [];
  let last: readonly [string, string] | undefined = question.last;
  while (runs.length < count) {
    const run = ask(schedule, last ? { ...question, last } : question);
    if (run === null) break;
    runs.push(run);
    last = [run.dataInterval.start.toISOString(), run.dataInterval.end.toISOString()];
  }
  return runs;
}

/** `start/end`, and when the run may be created if that is not the end. */
export function told(run: RunInfo | null): string | null {
  if (run === null) return null;
  const { start, end } = run.dataInterval;
  if (run.logicalDate.getTime() !== start.getTime())
    throw new Error("the logical date is not the interval's start");
  if (run.runAfter.getTime() !== end.getTime())
    throw new Error("the run is not created at the interval's end");
  return `${short(start)}/${short(end)}`;
}

export const ends = (runs: readonly RunInfo[]): string[] =>
  runs.map((run) => short(run.dataInterval.end));
export const starts = (runs: readonly RunInfo[]): string[] =>
  runs.map((run) => short(run.dataInterval.start));

/** ISO text without the seconds and milliseconds that are zero. */
export const short = (date: Date): string => date.toISOString().replace(/(?:(?::00)?\.000)Z$/, "Z");

export const interval = (start: string, end: string): Interval => ({
  start: new Date(start),
  end: new Date(end),
});
const dateOrNull = (text: string | undefined): Date | null =>
  text === undefined ? null : new Date(text);
