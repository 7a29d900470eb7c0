/**
 * A run over the interval from one cron tick to the next, created when the interval has
 * ended.
 */

import { type Interval, type Restriction, runOver, type Timetable } from "../interval.ts";
import { type CronGrid, cronGrid, latestOf } from "./cron_grid.ts";

export function cronDataInterval(schedule: {
  readonly cron: string;
  readonly timezone: string;
}): Timetable {
  const grid = cronGrid(schedule);
  return {
    next(last, restriction, now) {
      const resumed = last && startAfter(grid, last);
      const start = latestOf(firstStart(grid, restriction, now, resumed), resumed);
      if (start === null || (restriction.latest && start > restriction.latest.getTime()))
        return null;
      const end = grid.after(start);
      return end === null ? null : runOver(start, end);
    },
    manual: (runAfter) =>
      lastComplete(grid, runAfter) ?? { start: new Date(runAfter), end: new Date(runAfter) },
  };
}

/**
 * Where the schedule may begin, from its bounds and the missed intervals. A start date in
 * the past no longer matters.
 */
function firstStart(
  grid: CronGrid,
  { earliest, catchup }: Restriction,
  now: number,
  resumed: number | null,
): number | null {
  const passed = earliest === null || (resumed !== null && resumed >= earliest.getTime());
  const aligned = passed ? null : grid.atOrAfter(earliest.getTime());
  if (catchup === "all") return aligned;
  if (catchup === "last")
    return latestOf(aligned, lastComplete(grid, now)?.start.getTime() ?? null);
  const end = grid.atOrAfter(now);
  return latestOf(aligned, end === null ? null : grid.before(end));
}

/**
 * The end of the last interval, moved back onto the grid in case the schedule was edited.
 * If that is at or before the last start, the interval would be processed twice under a
 * logical date that may be in use; then the next interval starts at the last end, which
 * leaves nothing out. A last interval without length, from runs at ticks, covered
 * nothing: only its logical date is in use.
 */
function startAfter(grid: CronGrid, last: Interval): number | null {
  const [start, end] = [last.start.getTime(), last.end.getTime()];
  const aligned = grid.atOrBefore(end);
  if (start === end) return aligned === null || aligned === start ? grid.after(start) : aligned;
  return aligned !== null && aligned > start ? aligned : end;
}

function lastComplete(grid: CronGrid, instant: number): Interval | null {
  const end = grid.atOrBefore(instant);
  const start = end === null ? null : grid.before(end);
  return start === null || end === null ? null : { start: new Date(start), end: new Date(end) };
}
