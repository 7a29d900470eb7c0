/**
 * Cron expressions, read once by cron-parser into the values that match. cron-parser steps through them by other rules at a change of
 * clocks, and too slowly for ten thousand DAGs that are due at once, so stepping is done in cron_step.ts.
 *
 * Days of month and days of week are OR-ed when both are restricted, as cron does.
 */
import { CronExpressionParser, type CronExpression as Parsed } from "cron-parser";
import { DagsmithError } from "../../sdk/errors.ts";
import { BoundedCache } from "./bounded_cache.ts";

/** What matches, each list in ascending order. */
export interface CronExpression {
  readonly seconds: readonly number[];
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly months: readonly number[];
  readonly matchesDay: (day: CalendarDay) => boolean;
}

/** A day of the calendar: `weekday` is 0 for Sunday, `daysInMonth` the length of its month. */
export interface CalendarDay {
  readonly day: number;
  readonly weekday: number;
  readonly daysInMonth: number;
}

const FIELDS = ["second", "minute", "hour", "day of month", "month", "day of week"];
const FIVE_FIELDS = FIELDS.slice(1);

/** Enough for every DAG of a large deployment. */
const expressions = new BoundedCache<CronExpression>(10_000);

/**
 * Reads a cron expression of 5 fields, or 6 with seconds first.
 * @throws DagsmithError INVALID_SCHEDULE naming the field
 */
export function cronExpression(text: string): CronExpression {
  return expressions.get(text, () => read(text));
}

function read(text: string): CronExpression {
  const fields = text.trim().split(/\s+/);
  if (text.trim() === "" || fields.length < 5 || fields.length > 6) {
    throw invalid(text, `a cron expression has 5 or 6 fields, this has ${text.trim() === "" ? 0 : fields.length}`);
  }
  try {
    const { second, minute, hour, month, dayOfMonth, dayOfWeek } = parse(fields).fields;
    return {
      seconds: second.values,
      minutes: minute.values,
      hours: hour.values,
      months: month.values,
      matchesDay: dayMatcher(dayOfMonth, dayOfWeek),
    };
  } catch (error) {
    throw invalid(text, wrongField(fields) ?? "no date matches it", error);
  }
}

function parse(fields: readonly string[]): Parsed {
  const hashed = fields.find((field) => /h(?!u)/i.test(field));
  if (hashed !== undefined) throw new Error("H stands for a random value; a schedule must be the same each time it is read");
  // cron-parser reads Sunday as 0 and finds that FRI-SUN runs backwards.
  return CronExpressionParser.parse(fields.join(" ").replace(/-sun$/i, "-7"), { tz: "UTC" });
}

/** The first field that is wrong by itself, in words; null when each is sound alone. */
function wrongField(fields: readonly string[]): string | null {
  const names = fields.length === 6 ? FIELDS : FIVE_FIELDS;
  for (const [index, field] of fields.entries()) {
    try {
      parse(names.map((_, position) => (position === index ? field : "*")));
    } catch (error) {
      return `${names[index]} "${field}": ${error instanceof Error ? error.message : String(error)}`;
    }
  }
  return null;
}

function dayMatcher(dayOfMonth: Parsed["fields"]["dayOfMonth"], dayOfWeek: Parsed["fields"]["dayOfWeek"]): CronExpression["matchesDay"] {
  const days = new Set(dayOfMonth.values);
  const inMonth = ({ day, daysInMonth }: CalendarDay): boolean => days.has(day as never) || (days.has("L") && day === daysInMonth);
  const inWeek = weekdayMatcher(dayOfWeek);
  if (dayOfMonth.isWildcard) return dayOfWeek.isWildcard ? () => true : inWeek;
  return dayOfWeek.isWildcard ? inMonth : (day) => inMonth(day) || inWeek(day);
}

/** `5` is each Friday, `5#2` the second of a month, `5L` the last. */
function weekdayMatcher(dayOfWeek: Parsed["fields"]["dayOfWeek"]): CronExpression["matchesDay"] {
  const each = new Set(dayOfWeek.values.filter((value) => typeof value === "number").map((value) => value % 7));
  const last = new Set(dayOfWeek.values.filter((value) => typeof value === "string").map((value) => Number.parseInt(value, 10) % 7));
  const { nthDay } = dayOfWeek;
  return ({ day, weekday, daysInMonth }) =>
    (each.has(weekday) && (nthDay === 0 || Math.ceil(day / 7) === nthDay)) || (last.has(weekday) && day > daysInMonth - 7);
}

/** The error of a schedule whose cron expression is wrong. */
export function invalid(text: string, reason: string, cause?: unknown): DagsmithError {
  return new DagsmithError("INVALID_SCHEDULE", { found: JSON.stringify(text), reason }, { cause });
}
