/**
 * When a timezone's clocks change: the stretch of unchanged offset around an instant,
 * from the zone data of Node. Stretches are kept by zone and year: one offset costs
 * microseconds, and a cron tick needs several.
 */
import { IANAZone } from "luxon";
import { BoundedCache } from "./bounded_cache.ts";

/**
 * A stretch of time with one offset, in milliseconds. It also ends with each year, so
 * that the changes of one year suffice to find it.
 */
export interface Stretch {
  readonly from: number;
  readonly until: number;
  /** Wall clock minus UTC. */
  readonly offset: number;
  /**
   * The offset just before `from`, and the offset at `until`. Each equals {@link offset}
   * where only the year changes.
   */
  readonly offsetBefore: number;
  readonly offsetAfter: number;
}

/** In all data since 1990, two changes of one zone are at least a week apart. */
const PROBE_MS = 5 * 86_400_000;
const years = new BoundedCache<readonly Stretch[]>(5_000);

/** The stretch that holds an instant. */
export function stretchAt(zone: string, instant: number): Stretch {
  const year = new Date(instant).getUTCFullYear();
  const stretches = stretchesOf(zone, year);
  return stretches.findLast((stretch) => stretch.from <= instant) ?? (stretches[0] as Stretch);
}

function stretchesOf(zone: string, year: number): readonly Stretch[] {
  return years.get(`${zone} ${year}`, () =>
    findStretches(IANAZone.create(zone), newYear(year), newYear(year + 1)),
  );
}

function findStretches(zone: IANAZone, start: number, end: number): Stretch[] {
  const offsetAt = (instant: number): number => Math.round(zone.offset(instant) * 60_000);
  const stretches: Stretch[] = [];
  let from = start;
  while (from < end) {
    const offset = offsetAt(from);
    const until = endOfOffset(offsetAt, from, end);
    stretches.push({
      from,
      until,
      offset,
      offsetBefore: offsetAt(from - 1),
      offsetAfter: offsetAt(until),
    });
    from = until;
  }
  return stretches;
}

/**
 * The first instant after `from` with another offset than at `from`, or `end`. Found in
 * long strides, then by halving.
 */
function endOfOffset(offsetAt: (instant: number) => number, from: number, end: number): number {
  const offset = offsetAt(from);
  let same = from;
  while (same < end && offsetAt(Math.min(same + PROBE_MS, end)) === offset)
    same = Math.min(same + PROBE_MS, end);
  if (same === end) return end;
  let other = Math.min(same + PROBE_MS, end);
  while (other - same > 1) {
    const middle = Math.floor((same + other) / 2);
    if (offsetAt(middle) === offset) same = middle;
    else other = middle;
  }
  return other;
}

function newYear(year: number): number {
  return new Date(0).setUTCFullYear(year, 0, 1);
}
