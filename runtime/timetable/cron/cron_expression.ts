/**
 * Cron expressions, parsed once by cron-parser into the values that match. cron-parser's
 * own stepping has other rules at clock changes and is too slow for ten thousand due
 * DAGs, so cron_step.ts does the stepping. cron-parser gets one item of a list at a time:
 * it refuses lists whose items overlap, such as `9-17,12`, and does not say which field
 * is wrong.
 *
 * When both the day of month and the day of week are restricted, either may match, as in
 * cron.
 */
import { CronExpressionParser, type CronFieldCollection } from "cron-parser";
import { errorMessage } from "../../../sdk/error_message.ts";
import { DagsmithError } from "../../../sdk/errors.ts";
import { BoundedCache } from "../clock/bounded_cache.ts";

/** The matching values, each list in ascending order. */
export interface CronExpression {
  readonly seconds: readonly number[];
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly months: readonly number[];
  readonly matchesDay: DayMatcher;
}

/** A day of the calendar: `weekday` is 0 for Sunday, `daysInMonth` the length of its month. */
interface CalendarDay {
  readonly day: number;
  readonly weekday: number;
  readonly daysInMonth: number;
}

type DayMatcher = (day: CalendarDay) => boolean;

const FIELDS = ["second", "minute", "hour", "dayOfMonth", "month", "dayOfWeek"] as const;
type Field = (typeof FIELDS)[number];

/** Enough for every DAG of a large deployment: most expressions share their fields. */
const expressions = new BoundedCache<CronExpression>(10_000);
const items = new BoundedCache<CronFieldCollection>(10_000);

/**
 * Parses a cron expression of 5 fields, or 6 with seconds first.
 * @throws DagsmithError INVALID_SCHEDULE naming the field
 */
export function cronExpression(text: string): CronExpression {
  return expressions.get(text, () => read(text));
}

function read(text: string): CronExpression {
  const given = text.trim() === "" ? [] : text.trim().split(/\s+/);
  if (given.length < 5 || given.length > 6)
    throw invalid(text, `a cron expression has 5 or 6 fields, this has ${given.length}`);
  const texts = given.length === 5 ? ["0", ...given] : given;
  const itemsOf = (field: Field): CronFieldCollection[] =>
    readItems(text, field, texts[FIELDS.indexOf(field)] ?? "");
  const numbers = (field: "second" | "minute" | "hour" | "month"): number[] =>
    ascending(itemsOf(field).flatMap((item) => item[field].values as readonly number[]));
  return {
    seconds: numbers("second"),
    minutes: numbers("minute"),
    hours: numbers("hour"),
    months: numbers("month"),
    matchesDay: dayMatcher(itemsOf("dayOfMonth"), itemsOf("dayOfWeek")),
  };
}

function readItems(whole: string, field: Field, text: string): CronFieldCollection[] {
  try {
    return text
      .split(",")
      .map((item) => items.get(`${field} ${item}`, () => readItem(field, item)));
  } catch (error) {
    const name = field.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
    throw invalid(whole, `${name} "${text}": ${errorMessage(error)}`, error);
  }
}

function readItem(field: Field, item: string): CronFieldCollection {
  if (item === "") throw new Error("a list has an empty item");
  if (/^h/i.test(item))
    throw new Error(
      "H stands for a random value; a schedule must be the same each time it is read",
    );
  // cron-parser reads Sunday as 0 and refuses FRI-SUN as a range that runs backwards.
  const value = field === "dayOfWeek" ? item.replace(/-sun$/i, "-7") : item;
  return CronExpressionParser.parse(
    FIELDS.map((other) => (other === field ? value : "*")).join(" "),
    { tz: "UTC" },
  ).fields;
}

function dayMatcher(
  daysOfMonth: readonly CronFieldCollection[],
  daysOfWeek: readonly CronFieldCollection[],
): DayMatcher {
  const inMonth = anyOf(daysOfMonth.map(({ dayOfMonth }) => monthDayMatcher(dayOfMonth)));
  const inWeek = anyOf(daysOfWeek.map(({ dayOfWeek }) => weekdayMatcher(dayOfWeek)));
  const everyMonthDay = daysOfMonth.every(({ dayOfMonth }) => dayOfMonth.isWildcard);
  const everyWeekday = daysOfWeek.every(({ dayOfWeek }) => dayOfWeek.isWildcard);
  if (everyMonthDay) return everyWeekday ? () => true : inWeek;
  return everyWeekday ? inMonth : anyOf([inMonth, inWeek]);
}

function anyOf(matchers: readonly DayMatcher[]): DayMatcher {
  return (day) => matchers.some((matches) => matches(day));
}

/** `L` is the last day of a month. */
function monthDayMatcher({ values }: CronFieldCollection["dayOfMonth"]): DayMatcher {
  const days = new Set<number | string>(values);
  return ({ day, daysInMonth }) => days.has(day) || (day === daysInMonth && days.has("L"));
}

/** `5` is each Friday, `5#2` the second Friday of a month, `5L` the last. */
function weekdayMatcher({ values, nthDay }: CronFieldCollection["dayOfWeek"]): DayMatcher {
  const each = new Set(
    values.filter((value) => typeof value === "number").map((value) => value % 7),
  );
  const last = new Set(
    values
      .filter((value) => typeof value === "string")
      .map((value) => Number.parseInt(value, 10) % 7),
  );
  return ({ day, weekday, daysInMonth }) =>
    (each.has(weekday) && (nthDay === 0 || Math.ceil(day / 7) === nthDay)) ||
    (last.has(weekday) && day > daysInMonth - 7);
}

function ascending(values: readonly number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}

/** The error of a schedule that cannot run. */
export function invalid(text: string, reason: string, cause?: unknown): DagsmithError {
  return new DagsmithError("INVALID_SCHEDULE", { found: JSON.stringify(text), reason }, { cause });
}
