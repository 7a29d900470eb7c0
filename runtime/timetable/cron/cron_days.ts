/**
 * Which days a cron expression matches: by day of month, by day of week, or by a weekday
 * that counts once a month. The rules are croniter's, which Airflow uses.
 */
import type { CronFieldCollection } from "cron-parser";
import { type NthWeekday, nearestWeekdayTo, nthWeekdays } from "./cron_item.ts";

/**
 * A day of the calendar: `weekday` is 0 for Sunday, `daysInMonth` the length of its
 * month.
 */
interface CalendarDay {
  readonly day: number;
  readonly weekday: number;
  readonly daysInMonth: number;
}

type DayMatcher = (day: CalendarDay) => boolean;

type Read = (field: "dayOfMonth" | "dayOfWeek", text: string) => readonly CronFieldCollection[];

/** What a field of days matches. */
interface Days {
  readonly text: string;
  readonly matches: DayMatcher;
  /** How many values it names. */
  readonly size: number;
  /** It names single days of a month by their weekday: `15W`, `fri#2`, `L5`. */
  readonly isSpecial: boolean;
}

/** The days of a cron expression. */
export interface MatchingDays {
  readonly matchesDay: DayMatcher;
  /**
   * Set when one field counts alone although the other one is restricted: the days that
   * both match. When there are none, croniter refuses the expression.
   */
  readonly matchesBoth?: DayMatcher;
}

/**
 * When both fields are restricted, either may match, as in cron. A field that looks at
 * single weekdays of a month (`15W`, `fri#2`, `L5`) counts alone.
 */
export function matchingDays(dayOfMonth: string, dayOfWeek: string, read: Read): MatchingDays {
  const [inMonth, inWeek] = [monthDays(dayOfMonth, read), weekdays(dayOfWeek, read)];
  const both: DayMatcher = (day) => inMonth.matches(day) && inWeek.matches(day);
  const either: DayMatcher = (day) => inMonth.matches(day) || inWeek.matches(day);
  if (isOpen(inMonth, inWeek, 31) || isOpen(inWeek, inMonth, 7)) return { matchesDay: both };
  if (inMonth.isSpecial && inWeek.isSpecial) return { matchesDay: both };
  const [special] = [inMonth, inWeek].filter(({ isSpecial }) => isSpecial);
  return special ? { matchesDay: special.matches, matchesBoth: both } : { matchesDay: either };
}

/** Whether a field restricts nothing: it has a `*`, or names all values besides a `*`. */
function isOpen({ text, size }: Days, other: Days, all: number): boolean {
  return (
    text.split(",").some((item) => item === "*" || item === "?") ||
    (size === all && other.text.includes("*"))
  );
}

function monthDays(text: string, read: Read): Days {
  const near = nearestWeekdayTo(text);
  if (near !== undefined) return { text, matches: nearestWeekday(near), size: 1, isSpecial: true };
  const values = read("dayOfMonth", text).flatMap(({ dayOfMonth }) => [...dayOfMonth.values]);
  const days = new Set<number | string>(values);
  // `L` is the last day of a month.
  const matches: DayMatcher = ({ day, daysInMonth }) =>
    days.has(day) || (day === daysInMonth && days.has("L"));
  return { text, matches, size: days.size, isSpecial: false };
}

/** The weekday nearest to a day of the month, in the same month. */
function nearestWeekday(wanted: number): DayMatcher {
  return ({ day, weekday, daysInMonth }) => {
    if (weekday === 0 || weekday === 6) return false;
    const target = Math.min(wanted, daysInMonth);
    const targetWeekday = (((weekday + target - day) % 7) + 7) % 7;
    if (targetWeekday === 6) return day === (target > 1 ? target - 1 : target + 2);
    if (targetWeekday === 0) return day === (target < daysInMonth ? target + 1 : target - 2);
    return day === target;
  };
}

function weekdays(text: string, read: Read): Days {
  const items = text.split(",").map((item) => ({ item, nth: nthWeekdays(item) }));
  const special = items.flatMap(({ nth }) => nth ?? []);
  const plain = items.flatMap(({ item, nth }) => (nth ? [] : [item]));
  if (special.length > 0) {
    refuseMixed(
      text,
      weekdaysIn(
        plain.filter((item) => item !== "*"),
        read,
      ),
      special,
    );
    return { text, matches: anyOf(special), size: special.length, isSpecial: true };
  }
  const each = weekdaysIn(plain, read);
  return { text, matches: ({ weekday }) => each.has(weekday), size: each.size, isSpecial: false };
}

function weekdaysIn(items: readonly string[], read: Read): ReadonlySet<number> {
  const fields = items.length === 0 ? [] : read("dayOfWeek", items.join());
  return new Set(
    fields.flatMap(({ dayOfWeek: { values } }) => values.map((value) => Number(value) % 7)),
  );
}

/**
 * Weekdays of each week together with weekdays that count once a month: croniter refuses
 * them.
 */
function refuseMixed(
  text: string,
  each: ReadonlySet<number>,
  special: readonly NthWeekday[],
): void {
  const nth = new Set(special.map(({ weekday }) => weekday));
  const named = new Set([...each, ...nth]).size + (text.split(",").includes("*") ? 1 : 0);
  if ([...each].some((day) => !nth.has(day)) && named !== 7)
    throw new Error(`"${text}" mixes weekdays of each week with weekdays that count once a month`);
}

function anyOf(special: readonly NthWeekday[]): DayMatcher {
  return ({ day, weekday, daysInMonth }) =>
    special.some(
      (one) =>
        one.weekday === weekday &&
        (one.nth === "last" ? day > daysInMonth - 7 : Math.ceil(day / 7) === one.nth),
    );
}
