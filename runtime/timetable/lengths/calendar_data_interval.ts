/**
 * Runs over intervals of a calendar length. With catchup, every missed interval lies on
 * the grid of the start date. Without catchup, months stay on that grid too. Days use the
 * grid of the last run, or else of 1970-01-01; a grid of days cannot drift.
 */

import { latestOf } from "../cron/cron_grid.ts";
import {
  type Interval,
  instantsOf,
  type Restriction,
  runOver,
  type Timetable,
} from "../interval.ts";
import { after, before, type CalendarStep, epochOf, nearby, steps } from "./calendar.ts";

export function calendarDataInterval(step: CalendarStep): Timetable {
  return {
    next(last, restriction, now) {
      const anchors = anchorsOf(step, last, restriction);
      const start = nextStart(step, last, restriction, now, anchors);
      if (start === null || (restriction.latest && start > restriction.latest.getTime()))
        return null;
      return runOver(start, after(step, start, anchors));
    },
    manual: (runAfter) => ({ start: new Date(before(step, runAfter)), end: new Date(runAfter) }),
  };
}

/** Instants that give the intended time of day. A grid without any uses the epoch's. */
function anchorsOf(
  { timezone }: CalendarStep,
  last: Interval | null,
  { earliest }: Restriction,
): readonly number[] {
  const known = instantsOf(earliest, last?.start);
  return known.length > 0 ? known : [epochOf(timezone)];
}

function nextStart(
  step: CalendarStep,
  last: Interval | null,
  { earliest, catchup }: Restriction,
  now: number,
  anchors: readonly number[],
): number | null {
  const floor = earliest?.getTime() ?? null;
  const base = last && startAfter(step, last, anchors);
  if (catchup === "all") return latestOf(floor, base);
  // A start date moved beyond the last run starts the schedule over.
  const resumed = base !== null && (floor === null || base >= floor) ? base : null;
  // Until the first interval has ended it stays the first. Otherwise a later question
  // would return an interval of another grid before it.
  if (resumed === null && floor !== null && now <= after(step, floor, anchors)) return floor;
  const origin = (step.length.months > 0 ? floor : null) ?? resumed ?? epochOf(step.timezone);
  return latestOf(floor, resumed, wanted(step, origin, now, catchup, anchors));
}

/**
 * On the grid of `origin`: the start of the latest interval that has ended, or of the
 * first that ends at or after now.
 */
function wanted(
  step: CalendarStep,
  origin: number,
  now: number,
  catchup: "last" | "none",
  anchors: readonly number[],
): number {
  const starts = steps(step, nearby(step, origin, now, anchors), anchors);
  let start = starts.next().value;
  let end = starts.next().value;
  while (end < now) {
    const following = starts.next().value;
    if (catchup === "last" && following > now) break;
    [start, end] = [end, following];
  }
  return start;
}

/**
 * A last interval without length comes from an earlier kind of schedule. Its logical date
 * must not be used again.
 */
function startAfter(step: CalendarStep, last: Interval, anchors: readonly number[]): number {
  return last.end > last.start ? last.end.getTime() : after(step, last.start.getTime(), anchors);
}
