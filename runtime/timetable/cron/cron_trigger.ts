/** A run at each tick of a cron expression. */

import type { Interval, Restriction, Timetable } from "../interval.ts";
import { type IntervalBeforeTick, intervalAt, runAtTick } from "../trigger_interval.ts";
import { type CronGrid, cronGrid, latestOf } from "./cron_grid.ts";

const MINUTE_MS = 60_000;

/**
 * Whether the tick that just passed may be the first run. Milliseconds: only if it passed
 * no longer ago.
 */
type RunImmediately = boolean | number;

export interface CronTrigger extends IntervalBeforeTick {
  readonly cron: string;
  readonly runImmediately?: RunImmediately;
}

export function cronTrigger(schedule: CronTrigger): Timetable {
  const grid = cronGrid(schedule);
  return {
    next(last, restriction, now) {
      const tick = nextTick(grid, schedule.runImmediately ?? false, last, restriction, now);
      if (tick === null || (restriction.latest && tick > restriction.latest.getTime())) return null;
      return runAtTick(schedule, tick);
    },
    manual: (runAfter) => intervalAt(schedule, runAfter),
  };
}

function nextTick(
  grid: CronGrid,
  runImmediately: RunImmediately,
  last: Interval | null,
  { earliest, catchup }: Restriction,
  now: number,
): number | null {
  const following = last && grid.after(last.end.getTime());
  const aligned = earliest && grid.atOrAfter(earliest.getTime());
  const missed = { all: null, last: grid.atOrBefore(now), none: grid.atOrAfter(now) }[catchup];
  const first =
    last || earliest || catchup === "none" ? null : firstTick(grid, runImmediately, now);
  return latestOf(following, aligned, missed, first);
}

/**
 * The first tick without a start date: the next tick, or the one that just passed. By
 * default, "just" means a tenth of the gap to the next tick and at least 5 minutes, so
 * that a DAG deployed at its minute runs.
 */
function firstTick(grid: CronGrid, runImmediately: RunImmediately, now: number): number | null {
  const past = grid.atOrBefore(now);
  const next = grid.after(now);
  if (past === null || next === null) return next;
  if (runImmediately === true) return past;
  const justPast =
    runImmediately === false ? Math.max((next - past) / 10, 5 * MINUTE_MS) : runImmediately;
  return now - past <= justPast ? past : next;
}
