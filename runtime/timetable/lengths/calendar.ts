/** Steps of a calendar length (`"1 month"`, `"2 days"`) on a timezone's wall clock. */
import type { CalendarLength } from "../../../sdk/spec/index.ts";
import { instantOf, wallAt } from "../clock/wall_clock.ts";

const DAY_MS = 86_400_000;

/** A calendar length in its timezone. */
export interface CalendarStep {
  readonly length: CalendarLength;
  readonly timezone: string;
}

/** The instant one length before another. */
export function before({ length, timezone }: CalendarStep, instant: number): number {
  return instantOf(timezone, plus(wallAt(timezone, instant), length, -1));
}

/**
 * The instants one length apart, beginning with `from`. Each step keeps the intended time
 * of day: after a clock change that moved one instant, the next instant is back at it.
 * @param anchors instants that give the intended time of day, in case a clock change
 *   moved `from`
 */
export function* steps(
  { length, timezone }: CalendarStep,
  from: number,
  anchors: readonly number[],
): Generator<number, never> {
  let wall = meantWall(timezone, from, anchors);
  let instant = from;
  while (true) {
    yield instant;
    const last = instant;
    // Where a whole day was skipped, two times of day can fall on one instant.
    while (instant <= last) {
      wall = plus(wall, length, 1);
      instant = instantOf(timezone, wall);
    }
  }
}

/** The instant one length after `from`. */
export function after(step: CalendarStep, from: number, anchors: readonly number[]): number {
  const instants = steps(step, from, anchors);
  instants.next();
  return instants.next().value;
}

/**
 * An instant on the grid of `from`, not far before `instant`: a start for a search near
 * it. Returns `from` unless it is far away and the length is in days, which add up
 * without walking.
 */
export function nearby(
  { length, timezone }: CalendarStep,
  from: number,
  instant: number,
  anchors: readonly number[],
): number {
  if (length.months > 0) return from;
  const wall = meantWall(timezone, from, anchors);
  const count = Math.floor((instant - from) / (length.days * DAY_MS)) - 2;
  return count <= 0 ? from : instantOf(timezone, wall + count * length.days * DAY_MS);
}

/** Midnight of 1970-01-01 on the wall clock: the grid of a schedule without a start. */
export function epochOf(timezone: string): number {
  return instantOf(timezone, 0);
}

function meantWall(timezone: string, instant: number, anchors: readonly number[]): number {
  const wall = wallAt(timezone, instant);
  for (const anchor of anchors) {
    const timeOfDay = modulo(wallAt(timezone, anchor), DAY_MS);
    const today = wall - modulo(wall, DAY_MS) + timeOfDay;
    for (const meant of [today, today - DAY_MS])
      if (instantOf(timezone, meant) === instant) return meant;
  }
  return wall;
}

function plus(wall: number, { months, days }: CalendarLength, sign: 1 | -1): number {
  const date = new Date(wall);
  if (months !== 0) {
    const day = date.getUTCDate();
    date.setUTCDate(1);
    date.setUTCMonth(date.getUTCMonth() + sign * months);
    date.setUTCDate(Math.min(day, daysInMonth(date)));
  }
  return date.getTime() + sign * days * DAY_MS;
}

function daysInMonth(date: Date): number {
  return new Date(
    new Date(0).setUTCFullYear(date.getUTCFullYear(), date.getUTCMonth() + 1, 0),
  ).getUTCDate();
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
