/**
 * When DAGs run: from a schedule, the last interval and the bounds, the next run. Pure: the clock is an argument, and neither database
 * nor environment is known here, so a scheduler may ask as often as it likes and always hears the same.
 *
 * One module for each kind of schedule; timetable_of.ts chooses.
 */
import type { DagSpec, ScheduleSpec } from "../../sdk/spec/index.ts";
import type { Interval, Restriction, RunInfo } from "./interval.ts";
import { timetableOf } from "./timetable_of.ts";

export { checkSchedule } from "./check_schedule.ts";
export { nextRuns } from "./coming_runs.ts";
export type { Interval, Restriction, RunInfo } from "./interval.ts";
export { restrictionOf } from "./restriction.ts";
export { runIdAllowed, runIdOf, triggeredRunId } from "./run_id.ts";
export { mapPartitionKey, type PartitionMapper } from "./sources/partition_mapper.ts";

/**
 * The run after `last`; null when there is none to come. It may be created once the clock reaches its `runAfter`.
 *
 * A scheduler asks when a run was created, or a DAG was deployed, edited or unpaused, and keeps the answer until it is due: with
 * `catchup: "none"` an interval that ended a moment ago is already missed. A DAG `@once` without a start date, and a fixed length without
 * one, run at `now`, so they too must be asked once.
 * @param last the interval of the last automated run, or null before the first
 * @throws DagsmithError INVALID_SCHEDULE, only for a schedule that {@link checkSchedule} refuses
 */
export function nextRun(
  schedule: ScheduleSpec,
  last: Interval | null,
  restriction: Restriction,
  now: Date,
): RunInfo | null {
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
