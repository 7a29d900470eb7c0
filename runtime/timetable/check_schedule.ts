/**
 * Finds what is wrong with a schedule when its DAG is checked, so that no scheduler meets
 * it.
 */
import { IANAZone } from "luxon";
import type { CalendarLength, Jitter, ScheduleSpec } from "../../sdk/spec/index.ts";
import { formatProblem } from "./clock/strftime.ts";
import { cronExpression, invalid } from "./cron/cron_expression.ts";
import { cronGrid } from "./cron/cron_grid.ts";
import { nearestMatch } from "./cron/cron_step.ts";

/**
 * How many ticks are searched for the shortest gap: more than a week of a cron that ticks
 * each minute, years of most others.
 */
const GAPS_SEEN = 12_000;
/** A larger offset takes longer to walk than the import of a DAG file may take. */
const MAX_OFFSET = 10_000;

/**
 * Refuses a schedule that cannot run.
 * @throws DagsmithError INVALID_SCHEDULE for a wrong field, a date that never comes (`0 0
 *   31 2 *`), an unknown timezone, a length that is not above zero, an empty list, a
 *   jitter longer than the shortest gap between two ticks, or a key format without a
 *   meaning
 */
export function checkSchedule(schedule: ScheduleSpec): void {
  if ("timezone" in schedule) checkZone(schedule.timezone);
  if ("cron" in schedule) checkCron(schedule.cron);
  if ("intervalMs" in schedule) checkLength(schedule.intervalMs, 0);
  if ("calendarInterval" in schedule && schedule.calendarInterval)
    checkCalendar(schedule.calendarInterval);
  if ("deltaMs" in schedule) checkLength(schedule.deltaMs, 1);
  if ("length" in schedule) checkCalendar(schedule.length);
  if ("runImmediately" in schedule && typeof schedule.runImmediately === "number")
    checkLength(schedule.runImmediately, 0);
  if (schedule.type === "multi_cron_trigger") checkCrons(schedule.crons);
  if (schedule.type === "cron_partition") checkPartition(schedule);
  if (schedule.type === "instants" && schedule.instants.length === 0)
    throw invalid("atInstants([])", "the list is empty");
  if ("jitter" in schedule && schedule.jitter) checkJitter(schedule.jitter, cronsOf(schedule));
}

function checkZone(timezone: string): void {
  if (!IANAZone.isValidZone(timezone))
    throw invalid(timezone, `the timezone ${JSON.stringify(timezone)} is not an IANA name`);
}

function checkCron(text: string): void {
  const cron = cronExpression(text);
  if (nearestMatch(cron, 0, 1) === null) throw invalid(text, "no date matches it");
  const { matchesBoth: matchesDay } = cron;
  if (matchesDay && nearestMatch({ ...cron, matchesDay }, 0, 1) === null)
    throw invalid(text, "no date matches both its day of month and its day of week");
}

function checkCrons(crons: readonly string[]): void {
  if (crons.length === 0) throw invalid("cronTrigger([])", "the list is empty");
  for (const cron of crons) checkCron(cron);
}

function checkLength(ms: number, least: 0 | 1): void {
  if (Number.isSafeInteger(ms) && ms >= least) return;
  throw invalid(`${ms} ms`, `a length is a whole number of milliseconds, at least ${least}`);
}

function checkCalendar({ months, days }: CalendarLength): void {
  const whole = [months, days].every(
    (count) => Number.isInteger(count) && count >= 0 && count <= 100_000,
  );
  if (whole && months + days > 0) return;
  throw invalid(
    `${months} months, ${days} days`,
    "a length is a whole number of months or days, above zero",
  );
}

function checkPartition({
  cron,
  offset,
  keyFormat,
  keyTimezone,
}: Extract<ScheduleSpec, { type: "cron_partition" }>): void {
  checkZone(keyTimezone);
  if (!Number.isInteger(offset) || Math.abs(offset) > MAX_OFFSET) {
    throw invalid(
      cron,
      `the offset ${offset} is not a whole number of ticks, at most ${MAX_OFFSET}`,
    );
  }
  const problem = formatProblem(keyFormat);
  if (problem !== null)
    throw invalid(cron, `the key format ${JSON.stringify(keyFormat)} cannot be used: ${problem}`);
}

function cronsOf(schedule: ScheduleSpec): readonly string[] {
  if (schedule.type === "multi_cron_trigger") return schedule.crons;
  return "cron" in schedule ? [schedule.cron] : [];
}

function checkJitter({ maxMs }: Jitter, crons: readonly string[]): void {
  checkLength(maxMs, 0);
  const gap = Math.min(...crons.map((cron) => shortestGap(cron, maxMs)));
  if (maxMs > gap)
    throw invalid(
      crons.join(", "),
      `the jitter of ${maxMs} ms is longer than the ${gap} ms between two ticks`,
    );
}

/**
 * The shortest time between two ticks. The search ends at a gap under `enough`, which is
 * all the caller needs to know.
 */
function shortestGap(cron: string, enough: number): number {
  const grid = cronGrid({ cron, timezone: "UTC" });
  let shortest = Number.POSITIVE_INFINITY;
  let tick = grid.after(Date.UTC(2000, 0, 1));
  for (let seen = 0; tick !== null && seen < GAPS_SEEN && shortest >= enough; seen++) {
    const following = grid.after(tick);
    if (following !== null) shortest = Math.min(shortest, following - tick);
    tick = following;
  }
  return shortest;
}
