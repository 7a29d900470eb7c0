/**
 * Steps from one match of a cron expression to the next or the previous, on a wall clock
 * without a timezone: only the calendar counts. Wall-clock times are written as the
 * milliseconds they would be in UTC.
 */
import type { CronExpression } from "./cron_expression.ts";

export type Direction = 1 | -1;

const DAY_SECONDS = 86_400;
/**
 * The rarest cron, a fifth Sunday in February, comes every 28 years, or 40 around 2100.
 */
const SEARCHED_MONTHS = 50 * 12;

/**
 * The nearest match strictly after (`1`) or before (`-1`) a wall-clock time; null when
 * there is none within 50 years.
 */
export function nearestMatch(
  cron: CronExpression,
  wall: number,
  direction: Direction,
): number | null {
  const seconds = direction === 1 ? Math.floor(wall / 1000) + 1 : Math.ceil(wall / 1000) - 1;
  const day = Math.floor(seconds / DAY_SECONDS);
  const time = timeOfDay(cron, seconds - day * DAY_SECONDS, direction);
  const today = time === undefined ? null : nearestDay(cron, day, direction);
  if (today === day && time !== undefined) return (day * DAY_SECONDS + time) * 1000;
  const other = time === undefined ? nearestDay(cron, day + direction, direction) : today;
  return other === null ? null : (other * DAY_SECONDS + edgeOfDay(cron, direction)) * 1000;
}

/**
 * The nearest matching second of a day at or beyond `second`; undefined when the day has
 * none left.
 */
function timeOfDay(cron: CronExpression, second: number, direction: Direction): number | undefined {
  const [h, m, s] = [Math.floor(second / 3600), Math.floor(second / 60) % 60, second % 60];
  if (cron.hours.includes(h)) {
    const sameMinute = cron.minutes.includes(m) ? nearest(cron.seconds, s, direction) : undefined;
    if (sameMinute !== undefined) return h * 3600 + m * 60 + sameMinute;
    const minute = nearest(cron.minutes, m + direction, direction);
    if (minute !== undefined) return h * 3600 + minute * 60 + edge(cron.seconds, direction);
  }
  const hour = nearest(cron.hours, h + direction, direction);
  return hour === undefined
    ? undefined
    : hour * 3600 + edge(cron.minutes, direction) * 60 + edge(cron.seconds, direction);
}

function edgeOfDay(cron: CronExpression, direction: Direction): number {
  return (
    edge(cron.hours, direction) * 3600 +
    edge(cron.minutes, direction) * 60 +
    edge(cron.seconds, direction)
  );
}

/** The nearest matching day at or beyond `day`, both counted from 1970-01-01. */
function nearestDay(cron: CronExpression, day: number, direction: Direction): number | null {
  const date = new Date(day * DAY_SECONDS * 1000);
  // Months are counted from year 0, so that a step needs no date.
  const first = date.getUTCFullYear() * 12 + date.getUTCMonth();
  for (let step = 0; step < SEARCHED_MONTHS; step++) {
    const month = first + step * direction;
    if (!cron.months.includes((month % 12) + 1)) continue;
    const found = nearestDayOfMonth(
      cron,
      month,
      step === 0 ? date.getUTCDate() : undefined,
      direction,
    );
    if (found !== null) return found;
  }
  return null;
}

/** @param from the day of the month to start with; default: the first or last day */
function nearestDayOfMonth(
  cron: CronExpression,
  month: number,
  from: number | undefined,
  direction: Direction,
): number | null {
  const firstDay = startOfMonth(month);
  const daysInMonth = startOfMonth(month + 1) - firstDay;
  for (
    let day = from ?? (direction === 1 ? 1 : daysInMonth);
    day >= 1 && day <= daysInMonth;
    day += direction
  ) {
    // 1970-01-01 was a Thursday.
    const weekday = (((firstDay + day + 3) % 7) + 7) % 7;
    if (cron.matchesDay({ day, weekday, daysInMonth })) return firstDay + day - 1;
  }
  return null;
}

function startOfMonth(month: number): number {
  return new Date(0).setUTCFullYear(Math.floor(month / 12), month % 12, 1) / (DAY_SECONDS * 1000);
}

function nearest(
  ascending: readonly number[],
  value: number,
  direction: Direction,
): number | undefined {
  return direction === 1
    ? ascending.find((item) => item >= value)
    : ascending.findLast((item) => item <= value);
}

function edge(ascending: readonly number[], direction: Direction): number {
  return ascending.at(direction === 1 ? 0 : -1) ?? 0;
}
