/**
 * A run whenever the one before has ended, over all that has passed since the one before began. What is due depends on the moment of asking,
 * so it is asked when a run may begin.
 */
import { latestOf } from "./cron/cron_grid.ts";
import { type Interval, momentary, runOver, type Timetable } from "./interval.ts";

export const continuous: Timetable = {
  next(last, { earliest, latest }, now) {
    const from = earliest?.getTime() ?? null;
    const [start, end] = last
      ? following(last, from, now)
      : [from ?? now, Math.max(from ?? now, now)];
    return latest && end > latest.getTime() ? null : runOver(start, end);
  },
  manual: momentary,
};

function following(
  last: Interval,
  earliest: number | null,
  now: number,
): [start: number, end: number] {
  const lastEnd = last.end.getTime();
  // A start date moved ahead begins anew there, with an interval as long as the last.
  if (lastEnd > now) {
    const start = latestOf(lastEnd, earliest) ?? lastEnd;
    return [start, start + lastEnd - last.start.getTime()];
  }
  // Asked again in the same instant, it must neither repeat a logical date nor be due at once.
  return [lastEnd, Math.max(now, lastEnd + 1)];
}
