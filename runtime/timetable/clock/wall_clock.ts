/**
 * From instants to a timezone's wall clock and back, by the rule of cron: a skipped time
 * moves forward by the skipped length, a repeated time means its second occurrence.
 * Wall-clock times are written as the milliseconds they would be in UTC.
 */
import { stretchAt } from "./zone.ts";

const HOUR_MS = 3_600_000;
/** No timezone is further from UTC, on either side. */
const FARTHEST_MS = 16 * HOUR_MS;

/** What the wall clock shows at an instant. */
export function wallAt(timezone: string, instant: number): number {
  return instant + stretchAt(timezone, instant).offset;
}

/** The instant that a wall-clock time stands for. */
export function instantOf(timezone: string, wall: number): number {
  let stretch = stretchAt(timezone, wall + FARTHEST_MS);
  while (stretch.until > wall - FARTHEST_MS) {
    const instant = wall - stretch.offset;
    if (instant >= stretch.from && instant < stretch.until) return instant;
    // Clocks went forward over this time at `from`: neither side of the change shows it.
    const skipped = instant < stretch.from && wall - stretch.offsetBefore >= stretch.from;
    if (skipped) return wall - stretch.offsetBefore;
    stretch = stretchAt(timezone, stretch.from - 1);
  }
  return wall - stretch.offset;
}
