/** A run at each tick of a cron expression; its interval is a fixed length before the tick, by default none. */
import { type CronGrid, cronGrid, latestOf } from "./cron_grid.ts";
import { type Interval, type Restriction, runOver, type Timetable } from "./interval.ts";

const MINUTE_MS = 60_000;

export function cronTrigger(schedule: { readonly cron: string; readonly timezone: string; readonly intervalMs: number }): Timetable {
  const grid = cronGrid(schedule);
  return {
    next(last, restriction, now) {
      const tick = nextTick(grid, last, restriction, now);
      if (tick === null || (restriction.latest && tick > restriction.latest.getTime())) return null;
      return runOver(tick - schedule.intervalMs, tick);
    },
    manual: (runAfter) => ({ start: new Date(runAfter - schedule.intervalMs), end: new Date(runAfter) }),
  };
}

function nextTick(grid: CronGrid, last: Interval | null, { earliest, catchup }: Restriction, now: number): number | null {
  const following = last && grid.after(last.end.getTime());
  const aligned = earliest && grid.atOrAfter(earliest.getTime());
  const missed = { all: null, last: grid.atOrBefore(now), none: grid.atOrAfter(now) }[catchup];
  const first = last || earliest || catchup === "none" ? null : firstTick(grid, now);
  return latestOf(following, aligned, missed, first);
}

/** Without a start date: the next tick, or the one just past if no more than a tenth of the way to the next has gone, or 5 minutes. */
function firstTick(grid: CronGrid, now: number): number | null {
  const past = grid.atOrBefore(now);
  const next = grid.after(now);
  if (past === null || next === null) return next;
  return now - past <= Math.max((next - past) / 10, 5 * MINUTE_MS) ? past : next;
}
