/**
 * The instants at which a cron expression ticks in a timezone. They are a fixed set, whatever instant one starts from, so a scheduler
 * that restarts anywhere goes on with the same ticks. Where clocks change:
 *
 * - A time that is skipped moves forward by what was skipped; moved onto another tick, the two are one.
 * - A time that comes twice ticks once, at its second coming.
 * - When every hour matches, elapsed time counts instead: ticks come in both passes of a repeated hour, and none is moved. If the change
 *   is not of whole hours, the first tick after it still follows the old clock.
 */

import { type Stretch, stretchAt } from "../clock/zone.ts";
import type { CronExpression } from "./cron_expression.ts";
import { type Direction, nearestMatch } from "./cron_step.ts";

const HOUR_MS = 3_600_000;
/** Longer than any two matches lie apart; ends the search where an expression never matches. */
const SEARCHED_MS = 60 * 366 * 24 * HOUR_MS;

/** A piece of wall-clock time, and the offset by which its matches become instants. */
interface Reading {
  readonly offset: number;
  readonly from: number;
  readonly until: number;
}

/** The nearest tick strictly after (`1`) or before (`-1`) an instant; null when there is none within 60 years. */
export function nearestTick(
  cron: CronExpression,
  zone: string,
  instant: number,
  direction: Direction,
): number | null {
  // The instant on a border belongs to the later stretch, and what comes before it to the earlier one.
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
  // The end of the stretch that comes again after it is left to its second coming.
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
