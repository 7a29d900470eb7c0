/**
 * Cron expressions, parsed once by cron-parser into the values that match. cron-parser's
 * own stepping has other rules at clock changes and is too slow for ten thousand due
 * DAGs, so cron_step.ts does the stepping. cron-parser gets one item of a list at a time:
 * it refuses lists whose items overlap, such as `9-17,12`, and does not say which field
 * is wrong. cron_item.ts rewrites the items that croniter reads in another way.
 */
import { CronExpressionParser, type CronFieldCollection } from "cron-parser";
import { errorMessage } from "../../../sdk/error_message.ts";
import { DagsmithError } from "../../../sdk/errors.ts";
import { BoundedCache } from "../clock/bounded_cache.ts";
import { type MatchingDays, matchingDays } from "./cron_days.ts";
import { FIELDS, type Field, normalItem } from "./cron_item.ts";

/** The matching values, each list in ascending order. */
export interface CronExpression extends MatchingDays {
  readonly seconds: readonly number[];
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly months: readonly number[];
}

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
  // A no-break space separates nothing in cron.
  const given = text.match(/[^ \t\n\v\f\r]+/g) ?? [];
  if (given.length < 5 || given.length > 6)
    throw invalid(text, `a cron expression has 5 or 6 fields, this has ${given.length}`);
  const texts = given.length === 5 ? ["0", ...given] : given;
  const textOf = (field: Field): string => texts[FIELDS.indexOf(field)] ?? "";
  const numbers = (field: "second" | "minute" | "hour" | "month"): number[] =>
    ascending(
      readItems(text, field, textOf(field)).flatMap(
        (item) => item[field].values as readonly number[],
      ),
    );
  return {
    seconds: numbers("second"),
    minutes: numbers("minute"),
    hours: numbers("hour"),
    months: numbers("month"),
    ...readDays(text, textOf("dayOfMonth"), textOf("dayOfWeek")),
  };
}

function readDays(whole: string, dayOfMonth: string, dayOfWeek: string): MatchingDays {
  try {
    return matchingDays(dayOfMonth, dayOfWeek, (field, text) => readItems(whole, field, text));
  } catch (error) {
    throw error instanceof DagsmithError ? error : invalid(whole, errorMessage(error), error);
  }
}

function readItems(whole: string, field: Field, text: string): CronFieldCollection[] {
  try {
    checkCharacters(field, text);
    return text
      .split(",")
      .map((item) => items.get(`${field} ${item}`, () => readItem(field, item)));
  } catch (error) {
    const name = field.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
    throw invalid(whole, `${name} "${text}": ${errorMessage(error)}`, error);
  }
}

/** Other characters could become letters of a name as cron-parser writes them large. */
const PRINTED = /^[!-~]*$/;

function checkCharacters(field: Field, text: string): void {
  if (!PRINTED.test(text)) throw new Error("it holds a character that cron does not have");
  if (!text.includes("?")) return;
  if (text !== "?") throw new Error('"?" stands alone in its field');
  if (!field.startsWith("day")) throw new Error('"?" is for days of the month and for weekdays');
}

function readItem(field: Field, item: string): CronFieldCollection {
  if (item === "") throw new Error("a list has an empty item");
  if (/^[hr]/i.test(item))
    throw new Error(
      "H and R stand for random values; a schedule must be the same each time it is read",
    );
  const value = normalItem(field, item);
  return CronExpressionParser.parse(
    FIELDS.map((other) => (other === field ? value : "*")).join(" "),
    { tz: "UTC" },
  ).fields;
}

function ascending(values: readonly number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}

/** The error of a schedule that cannot run. */
export function invalid(text: string, reason: string, cause?: unknown): DagsmithError {
  return new DagsmithError("INVALID_SCHEDULE", { found: JSON.stringify(text), reason }, { cause });
}
