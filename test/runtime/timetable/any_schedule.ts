/**
 * Schedules of every kind, in zones whose clocks change in all the ways there are, over
 * ten years.
 */

import type { ScheduleSpec } from "../../../sdk/spec/index.ts";
import fc from "../../support/fast_check.ts";
import {
  at,
  atAny,
  atEach,
  atEachLength,
  DAY,
  days,
  each,
  HOUR,
  MINUTE,
  months,
  on,
  over,
  partition,
} from "./ask.ts";

export const ZONES = [
  "UTC",
  "Europe/Berlin",
  "Europe/Zurich",
  "Europe/Dublin",
  "America/New_York",
  "Australia/Lord_Howe",
  "America/Sao_Paulo",
  "Asia/Kolkata",
  "Asia/Kathmandu",
  "Africa/Casablanca",
  "Pacific/Apia",
  "Asia/Beirut",
  "America/Havana",
] as const;
export const [FROM, TO] = [Date.parse("2010-06-01T00:00Z"), Date.parse("2020-06-01T00:00Z")];

export const zone = fc.constantFrom(...ZONES);
export const instant = fc.integer({ min: FROM, max: TO }).map((ms) => new Date(ms));

const list = (min: number, max: number): fc.Arbitrary<string> =>
  fc
    .uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength: 3 })
    .map((values) => values.sort((a, b) => a - b).join(","));
const hours = fc.oneof(list(0, 3), list(0, 23), fc.constantFrom("*", "*/2", "0-23", "1-4"));
const cron = fc.record({
  minute: fc.oneof(list(0, 59), fc.constantFrom("0", "*/15", "*/20", "30")),
  hour: hours,
  day: fc.oneof(fc.constant("*"), list(1, 31)),
  weekday: fc.oneof(fc.constant("*"), list(0, 7)),
});
export const cronText = cron.map(
  ({ minute, hour, day, weekday }) => `${minute} ${hour} ${day} * ${weekday}`,
);
const fixed = fc.integer({ min: MINUTE, max: 40 * DAY });

/** Over intervals that follow each other. */
export const overIntervals: fc.Arbitrary<ScheduleSpec> = fc.oneof(
  fc.tuple(cronText, zone).map(([text, name]) => over(text, name)),
  fixed.map(each),
  fc.tuple(fc.integer({ min: 1, max: 14 }), zone).map(([count, name]) => months(count, name)),
  fc.tuple(fc.integer({ min: 1, max: 40 }), zone).map(([count, name]) => days(count, name)),
);

/** At instants that do not depend on which one is asked first. */
export const atTicks: fc.Arbitrary<ScheduleSpec> = fc.oneof(
  fc
    .tuple(cronText, zone, fc.constantFrom(0, HOUR, DAY))
    .map(([text, name, ms]) => at(text, name, ms)),
  fc
    .tuple(fc.uniqueArray(cronText, { minLength: 1, maxLength: 3 }), zone)
    .map(([texts, name]) => atAny(texts, name)),
  fc
    .tuple(cronText, fc.integer({ min: -2, max: 2 }), zone)
    .map(([text, offset, name]) => partition(text, offset, name)),
  fc
    .array(instant, { minLength: 1, maxLength: 20 })
    .map((dates) => on(dates.map((date) => date.toISOString()))),
);

/** At the ends of lengths that are counted from the start date, or from the last run. */
export const atLengths: fc.Arbitrary<ScheduleSpec> = fc.oneof(
  fixed.map((ms) => atEach(ms)),
  fc
    .tuple(fc.integer({ min: 1, max: 14 }), zone)
    .map(([count, name]) => atEachLength({ months: count, days: 0 }, name)),
  fc
    .tuple(fc.integer({ min: 1, max: 40 }), zone)
    .map(([count, name]) => atEachLength({ months: 0, days: count }, name)),
);

export const schedule = fc.oneof(overIntervals, atTicks, atLengths);

/** What bounds the logical date of an interval, and the tick of a run at one. */
export const coversIntervals = (spec: ScheduleSpec): boolean => spec.type.endsWith("data_interval");
