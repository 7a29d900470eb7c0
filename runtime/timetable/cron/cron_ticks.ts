/**
 * The instants at which a cron expression ticks in a timezone. They do not depend on
 * where a search starts, so a restarted scheduler finds the same ticks. At clock changes:
 *
 * - A skipped time moves forward by the skipped length. If it falls on another tick, the
 *   two are one.
 * - A time that comes twice ticks once, at its second occurrence.
 * - When every hour matches, elapsed time counts instead: ticks come in both passes of a
 *   repeated hour, and none is moved. If the change is not of whole hours, the first tick
 *   after it still follows the old clock.
 */

import { type Stretch, stretchAt } from "../clock/zone.ts";
import type { CronExpression } from "./cron_expression.ts";
import { type Direction, nearestMatch } from "./cron_step.ts";

const HOUR_MS = 3_600_000;
/**
 * Longer than the gap between any two matches. Ends the search where an expression never
 * matches.
 */
const SEARCHED_MS = 60 * 366 * 24 * HOUR_MS;

/** A stretch of wall-clock time with the offset that turns its matches into instants. */
interface Reading {
  readonly offset: number;
  readonly from: number;
  readonly until: number;
}

/**
 * The nearest tick strictly after (`1`) or before (`-1`) an instant; null when there is
 * none within 60 years.
 */
export function nearestTick(
  cron: CronExpression,
  zone: string,
  instant: number,
  direction: Direction,
): number | null {
  // An instant on a border belongs to the later stretch; the time before it belongs to
  // the earlier one.
  let stretch = stretchAt(zone, direction === 1 ? instant : instant - 1);
  while (Math.abs(stretch.from - instant) < SEARCHED_MS) {
    const ticks = readingsOf(cron, stretch)
      .map((reading) => tickIn(reading, cron, instant, direction))
      .filter((tick) => tick !== null);
    if (ticks.length > 0) return direction === 1 ? Math.min(...ticks) : Math.max(...ticks);
    stretch = stretchAt(zone, direction === 1 ? stretch.until : stretch.from - 1);
  }
  return null;
}

function tickIn(
  reading: Reading,
  cron: CronExpression,
  instant: number,
  direction: Direction,
): number | null {
  const wall = instant + reading.offset;
  const match = nearestMatch(
    cron,
    direction === 1 ? Math.max(wall, reading.from - 1) : Math.min(wall, reading.until),
    direction,
  );
  return match !== null && match >= reading.from && match < reading.until
    ? match - reading.offset
    : null;
}

function readingsOf(cron: CronExpression, stretch: Stretch): readonly Reading[] {
  return cron.hours.length === 24 ? elapsedReadings(cron, stretch) : wallReadings(stretch);
}

function wallReadings({
  from,
  until,
  offset,
  offsetBefore,
  offsetAfter,
}: Stretch): readonly Reading[] {
  // The end of a stretch that is repeated after it is left to its second occurrence.
  const once = { offset, from: from + offset, until: until + Math.min(offset, offsetAfter) };
  if (offsetBefore >= offset) return [once];
  const skipped = { offset: offsetBefore, from: from + offsetBefore, until: from + offset };
  return [once, skipped];
}

function elapsedReadings(
  cron: CronExpression,
  { from, until, offset, offsetBefore }: Stretch,
): readonly Reading[] {
  const shift = Math.abs(offset - offsetBefore);
  const first = shift % HOUR_MS === 0 ? null : nearestMatch(cron, from + offsetBefore - 1, 1);
  if (first === null || first - offsetBefore >= from + shift)
    return [{ offset, from: from + offset, until: until + offset }];
  return [
    { offset: offsetBefore, from: first, until: first + 1 },
    { offset, from: first - offsetBefore + offset + 1, until: until + offset },
  ];
}
