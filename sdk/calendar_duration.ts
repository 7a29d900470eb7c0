/**
 * Lengths of time on the calendar: `"1 month"`, `"2 weeks"`. Their length in hours
 * depends on their start and on the timezone.
 */
import type { Duration } from "./duration.ts";
import { durationMs } from "./duration.ts";
import type { CalendarLength } from "./spec/index.ts";

type CalendarUnit = "day" | "week" | "month" | "year";

/**
 * A whole number of days, weeks, months or years of the calendar. A day ends at the same
 * time of the next day: after 23 hours where clocks go forward. `"1d"`, a
 * {@link Duration}, is always 24 hours.
 * @example const billing: CalendarDuration = "1 month";
 */
export type CalendarDuration = `${number} ${CalendarUnit | `${CalendarUnit}s`}`;

const UNITS: Readonly<Record<CalendarUnit, CalendarLength>> = {
  day: { months: 0, days: 1 },
  week: { months: 0, days: 7 },
  month: { months: 1, days: 0 },
  year: { months: 12, days: 0 },
};

/**
 * Milliseconds of a fixed length, or a length on the calendar.
 * @throws DagsmithError INVALID_DURATION when the text is neither
 */
export function lengthOf(text: Duration | CalendarDuration): number | CalendarLength {
  const [, amount, unit] = /^(\d+) (day|week|month|year)s?$/.exec(text) ?? [];
  if (amount === undefined) return durationMs(text as Duration);
  const { months, days } = UNITS[unit as CalendarUnit];
  return { months: months * Number(amount), days: days * Number(amount) };
}
