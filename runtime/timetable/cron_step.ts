/**
 * Steps from one match of a cron expression to the next or the previous on a wall clock that never changes: no timezone, only the
 * calendar. Wall-clock times are written as the milliseconds they would be in UTC.
 */
import type { CronExpression } from "./cron_expression.ts";

export type Direction = 1 | -1;

const DAY_SECONDS = 86_400;
/** The rarest cron there is, a fifth Sunday in February, comes every 28 years, or 40 around 2100. */
const SEARCHED_MONTHS = 50 * 12;

/** The nearest match strictly after (`1`) or before (`-1`) a wall-clock time; null when there is none within 50 years. */
export function nearestMatch(cron: CronExpression, wall: number, direction: Direction): number | null {
  const seconds = direction === 1 ? Math.floor(wall / 1000) + 1 : Math.ceil(wall / 1000) - 1;
  const day = Math.floor(seconds / DAY_SECONDS);
  const time = timeOfDay(cron, seconds - day * DAY_SECONDS, direction);
  const today = time === undefined ? null : nearestDay(cron, day, direction);
  if (today === day && time !== undefined) return (day * DAY_SECONDS + time) * 1000;
  const other = time === undefined ? nearestDay(cron, day + direction, direction) : today;
  return other === null ? null : (other * DAY_SECONDS + edgeOfDay(cron, direction)) * 1000;
}

/** The nearest matching second of a day at or beyond `second`; undefined when the day has no more. */
function timeOfDay(cron: CronExpression, second: number, direction: Direction): number | undefined {
  const [h, m, s] = [Math.floor(second / 3600), Math.floor(second / 60) % 60, second % 60];
  if (cron.hours.includes(h)) {
    const sameMinute = cron.minutes.includes(m) ? nearest(cron.seconds, s, direction) : undefined;
    if (sameMinute !== undefined) return h * 3600 + m * 60 + sameMinute;
    const minute = nearest(cron.minutes, m + direction, direction);
    if (minute !== undefined) return h * 3600 + minute * 60 + edge(cron.seconds, direction);
  }
  const hour = nearest(cron.hours, h + direction, direction);
  return hour === undefined ? undefined : hour * 3600 + edge(cron.minutes, direction) * 60 + edge(cron.seconds, direction);
}

function edgeOfDay(cron: CronExpression, direction: Direction): number {
  return edge(cron.hours, direction) * 3600 + edge(cron.minutes, direction) * 60 + edge(cron.seconds, direction);
}

/** The nearest matching day at or beyond `day`, both counted from 1970-01-01. */
function nearestDay(cron: CronExpression, day: number, direction: Direction): number | null {
  const from = new Date(day * DAY_SECONDS * 1000);
  let dayOfMonth: number | undefined = from.getUTCDate();
  for (let step = 0; step < SEARCHED_MONTHS; step++) {
    const month = new Date(from);
    month.setUTCFullYear(from.getUTCFullYear(), from.getUTCMonth() + step * direction, 1);
    const found = cron.months.includes(month.getUTCMonth() + 1) ? dayInMonth(cron, month, dayOfMonth, direction) : undefined;
    if (found !== undefined) return month.getTime() / 1000 / DAY_SECONDS + found - 1;
    dayOfMonth = undefined;
  }
  return null;
}

/** @param month its first day. @param from where to begin; default the month's edge */
function dayInMonth(cron: CronExpression, month: Date, from: number | undefined, direction: Direction): number | undefined {
  const daysInMonth = new Date(month).setUTCMonth(month.getUTCMonth() + 1, 0);
  const last = new Date(daysInMonth).getUTCDate();
  const first = month.getUTCDay();
  for (let day = from ?? (direction === 1 ? 1 : last); day >= 1 && day <= last; day += direction) {
    if (cron.matchesDay({ day, weekday: (first + day - 1) % 7, daysInMonth: last })) return day;
  }
  return undefined;
}

function nearest(ascending: readonly number[], value: number, direction: Direction): number | undefined {
  return direction === 1 ? ascending.find((item) => item >= value) : ascending.findLast((item) => item <= value);
}

function edge(ascending: readonly number[], direction: Direction): number {
  return ascending.at(direction === 1 ? 0 : -1) ?? 0;
}
