/**
 * When DAGs run: from a schedule, the last interval and the bounds to the next run. Pure:
 * the clock is an argument, and neither a database nor the environment is read, so the
 * same question always has the same answer.
 *
 * One module for each kind of schedule; timetable_of.ts chooses.
 */
import type { DagSpec, ScheduleSpec } from "../../sdk/spec/index.ts";
import type { Interval, Restriction, RunInfo } from "./interval.ts";
import { timetableOf } from "./timetable_of.ts";

export { checkSchedule } from "./check_schedule.ts";
export { nextRuns, type Scheduled } from "./coming_runs.ts";
export type { Interval, Restriction, RunInfo } from "./interval.ts";
export { restrictionOf } from "./restriction.ts";
export { type Caller, calledRunId, runIdAllowed, runIdOf, triggeredRunId } from "./run_id.ts";
export { mapPartitionKey, type PartitionMapper } from "./sources/partition_mapper.ts";

/**
 * The run after `last`; null when there is none. It may be created once the clock reaches
 * its `runAfter`.
 *
 * A scheduler asks when a run was created, or when a DAG was deployed, edited or
 * unpaused, and keeps the answer until it is due. With `catchup: "none"` an interval that
 * ended a moment ago is already missed. A DAG `@once` or with a fixed length, without a
 * start date, runs at `now`: ask once for it.
 * @param last the interval of the last automated run, or null before the first
 * @throws DagsmithError INVALID_SCHEDULE, only for a schedule that {@link checkSchedule}
 *   refuses
 */
export function nextRun(
  schedule: ScheduleSpec,
  last: Interval | null,
  restriction: Restriction,
  now: Date,
): RunInfo | null {
  return timetableOf(schedule).next(last, restriction, now.getTime());
}

/**
 * The data interval of a manual run: the last complete interval of a cron schedule,
 * otherwise the length that ends at `runAfter`.
 */
export function manualInterval(schedule: ScheduleSpec, runAfter: Date): Interval {
  return timetableOf(schedule).manual(runAfter.getTime());
}

/** The schedule of a run that names none: the DAG's first. */
export function mainSchedule({ schedules }: Pick<DagSpec, "schedules">): ScheduleSpec {
  return schedules[0]?.schedule ?? { type: "none" };
}
