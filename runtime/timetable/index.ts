/**
 * When DAGs run: from a schedule, the last interval and the bounds, the next run. Pure: the clock is an argument, and neither database
 * nor environment is known here, so a scheduler may ask as often as it likes and always hears the same.
 *
 * One module for each kind of schedule; {@link timetableOf} chooses.
 */
import { IANAZone } from "luxon";
import type { NamedSchedule, ScheduleSpec } from "../../sdk/schedule.ts";
import type { DagSpec } from "../../sdk/spec.ts";
import { cronDataInterval } from "./cron_data_interval.ts";
import { cronExpression, invalid } from "./cron_expression.ts";
import { nearestMatch } from "./cron_step.ts";
import { cronTrigger } from "./cron_trigger.ts";
import { deltaDataInterval } from "./delta_data_interval.ts";
import type { Interval, Restriction, RunInfo, Timetable } from "./interval.ts";
import { never, once } from "./once.ts";

export type { Interval, Restriction, RunInfo } from "./interval.ts";
export { type RunSlot, runIdOf, triggeredRunId } from "./run_id.ts";

function timetableOf(schedule: ScheduleSpec): Timetable {
  switch (schedule.type) {
    case "cron_data_interval":
      return cronDataInterval(schedule);
    case "cron_trigger":
      return cronTrigger(schedule);
    case "delta_data_interval":
      return deltaDataInterval(schedule);
    case "once":
      return once;
    case "none":
      return never;
  }
}

/**
 * The run after `last`; null when there is none to come. It may be created once the clock reaches its `runAfter`.
 *
 * A scheduler asks when a run was created, or a DAG was deployed, edited or unpaused, and keeps the answer until it is due: with
 * `catchup: "none"` an interval that ended a moment ago is already missed. A DAG `@once` without a start date runs at `now`, so it too
 * must be asked once.
 * @param last the interval of the last automated run, or null before the first
 * @throws DagsmithError INVALID_SCHEDULE, only for a schedule that {@link checkSchedule} refuses
 */
export function nextRun(schedule: ScheduleSpec, last: Interval | null, restriction: Restriction, now: Date): RunInfo | null {
  return timetableOf(schedule).next(last, restriction, now.getTime());
}

/** The data interval of a run that somebody asks for: the last complete one of a cron schedule, else the length that ends at `runAfter`. */
export function manualInterval(schedule: ScheduleSpec, runAfter: Date): Interval {
  return timetableOf(schedule).manual(runAfter.getTime());
}

/** The schedule that a run is measured by when nobody says which: the DAG's first. */
export function mainSchedule({ schedules }: Pick<DagSpec, "schedules">): ScheduleSpec {
  return schedules[0]?.schedule ?? { type: "none" };
}

/** The bounds that a DAG sets. */
export function restrictionOf({ startDate, endDate, catchup }: Pick<DagSpec, "startDate" | "endDate" | "catchup">): Restriction {
  return { earliest: startDate === null ? null : new Date(startDate), latest: endDate === null ? null : new Date(endDate), catchup };
}

/** A run that is to come, and the name of the schedule that makes it. */
export interface ComingRun extends RunInfo {
  readonly schedule: string;
}

/**
 * The runs of a DAG that fall due from an instant on (inclusive), as if everything before had run, the soonest first; fewer when its
 * schedules end.
 */
export function nextRuns(spec: DagSpec, { from, count }: { readonly from: Date; readonly count: number }): readonly ComingRun[] {
  return spec.schedules
    .flatMap((named) => runsOf(named, spec, { from, count }).map((run) => ({ ...run, schedule: named.name })))
    .toSorted((a, b) => a.runAfter.getTime() - b.runAfter.getTime())
    .slice(0, count);
}

function runsOf({ schedule }: NamedSchedule, spec: DagSpec, { from, count }: { readonly from: Date; readonly count: number }): RunInfo[] {
  const bounds = restrictionOf(spec);
  const runs: RunInfo[] = [];
  let last = intervalBefore(schedule, bounds);
  while (runs.length < count) {
    const run = nextRun(schedule, last, { ...bounds, catchup: runs.length === 0 ? "none" : "all" }, from);
    if (run === null || run.runAfter < from) break;
    runs.push(run);
    last = run.dataInterval;
  }
  return runs;
}

/** A fixed length that catches up from its start date stays on that date's grid; an interval just before it says so. */
function intervalBefore(schedule: ScheduleSpec, { earliest, catchup }: Restriction): Interval | null {
  if (schedule.type !== "delta_data_interval" || catchup !== "all" || earliest === null) return null;
  return { start: new Date(earliest.getTime() - schedule.deltaMs), end: earliest };
}

/**
 * Refuses a schedule that cannot run.
 * @throws DagsmithError INVALID_SCHEDULE for a wrong field, a date that never comes (`0 0 31 2 *`), an unknown timezone, a length that is
 *   not a whole number of milliseconds above zero
 */
export function checkSchedule(schedule: ScheduleSpec): void {
  if (schedule.type === "once" || schedule.type === "none") return;
  if (schedule.type === "delta_data_interval") checkLength(schedule.deltaMs, 1);
  else checkCron(schedule);
  if (schedule.type === "cron_trigger") checkLength(schedule.intervalMs, 0);
}

function checkCron({ cron, timezone }: { readonly cron: string; readonly timezone: string }): void {
  if (nearestMatch(cronExpression(cron), 0, 1) === null) throw invalid(cron, "no date matches it");
  if (!IANAZone.isValidZone(timezone)) throw invalid(cron, `the timezone ${JSON.stringify(timezone)} is not an IANA name`);
}

function checkLength(ms: number, least: 0 | 1): void {
  if (Number.isSafeInteger(ms) && ms >= least) return;
  throw invalid(`${ms} ms`, `a length is a whole number of milliseconds, at least ${least}`);
}
