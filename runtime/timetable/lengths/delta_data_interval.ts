/**
 * Runs over intervals of a fixed length in absolute time: a day is 24 hours, whatever
 * clocks do. With catchup, every missed interval lies on the grid of the start date.
 * Without catchup, a first run starts on the grid of the Unix epoch, as in Airflow. After
 * that the last run gives the grid, so a late scheduler never shifts it.
 */
import { latestOf } from "../cron/cron_grid.ts";
import { type Interval, type Restriction, runOver, type Timetable } from "../interval.ts";

export function deltaDataInterval({ deltaMs }: { readonly deltaMs: number }): Timetable {
  return {
    next(last, restriction, now) {
      const start = nextStart(deltaMs, last, restriction, now);
      if (start === null || (restriction.latest && start > restriction.latest.getTime()))
        return null;
      return runOver(start, start + deltaMs);
    },
    manual: (runAfter) => ({ start: new Date(runAfter - deltaMs), end: new Date(runAfter) }),
  };
}

function nextStart(
  deltaMs: number,
  last: Interval | null,
  { earliest, catchup }: Restriction,
  now: number,
): number | null {
  const floor = earliest?.getTime() ?? null;
  const base = last && startAfter(deltaMs, last);
  // A start date moved beyond the last run starts the schedule over.
  const resumed = base !== null && (floor === null || base >= floor);
  if (catchup === "all") return latestOf(floor, base);
  if (resumed) return base + Math.max(0, missedBefore(now - base, deltaMs, catchup)) * deltaMs;
  // Until the first interval has ended it stays the first. Otherwise a later question
  // would return an interval of the other grid before it.
  if (floor !== null && now <= floor + deltaMs) return floor;
  return latestOf(floor, missedBefore(now, deltaMs, catchup) * deltaMs);
}

/**
 * How many whole intervals were missed before the one to run.
 * @param elapsed time since the start of the grid
 */
function missedBefore(elapsed: number, deltaMs: number, catchup: "last" | "none"): number {
  return (catchup === "last" ? Math.floor(elapsed / deltaMs) : Math.ceil(elapsed / deltaMs)) - 1;
}

/**
 * A last interval without length comes from an earlier kind of schedule. Its logical date
 * must not be used again.
 */
function startAfter(deltaMs: number, last: Interval): number {
  return last.end > last.start ? last.end.getTime() : last.start.getTime() + deltaMs;
}
