/**
 * A run whenever the previous run has ended, over the time since the previous run began.
 * The answer depends on the moment of the question, so the scheduler asks when a run may
 * begin.
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
  // A start date moved into the future starts over there, with an interval as long as the
  // last.
  if (lastEnd > now) {
    const start = latestOf(lastEnd, earliest) ?? lastEnd;
    return [start, start + lastEnd - last.start.getTime()];
  }
  // A second question in the same instant must neither repeat a logical date nor give a
  // run that is due at once.
  return [lastEnd, Math.max(now, lastEnd + 1)];
}
