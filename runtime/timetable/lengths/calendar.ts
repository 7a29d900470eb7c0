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
 * The instants one length apart from `from` on, which comes first. A step knows the time of day that is meant: where clocks have moved one
 * forward, the next is back at it.
 * @param anchors instants whose time of day is meant, if `from` is what became of it
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
    // Two times of day can have been moved to one instant, where a whole day was skipped.
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
 * An instant of the grid of `from` that is not far before `instant`: where to begin to look for one near it. `from` itself unless it is far
 * away and the length is of days alone, which add up without walking through them.
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

/** Midnight of 1970-01-01 on the wall clock: the grid of what has no start. */
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
