/**
 * The plan of a backfill, interval by interval. Pure: the schedule, the existing runs and
 * the clock are arguments; dates, decisions and refusals are the result. The same rules
 * decide an interval when a backfill is planned, and again before its run is created.
 */
import { DagsmithError } from "../../../sdk/errors.ts";
import type { DagSpec, ScheduleSpec } from "../../../sdk/spec/index.ts";
import type { RunState } from "../../state/run_state.ts";
import { runsBetween } from "../../timetable/between.ts";
import type { RunInfo } from "../../timetable/index.ts";

/**
 * Which finished runs are cleared and run again: none, failed runs, or all. Unfinished
 * runs are never cleared.
 */
export const REPROCESS = ["none", "failed", "completed"] as const;
export type Reprocess = (typeof REPROCESS)[number];

/** Most intervals of one backfill. */
const MOST_RUNS = 100_000;

/** The request for a backfill. */
export interface BackfillRange {
  readonly dagId: string;
  readonly schedule: ScheduleSpec;
  /** First and last logical date, inclusive. */
  readonly from: Date;
  readonly to: Date;
  readonly reprocess: Reprocess;
  /** The newest first. */
  readonly backwards: boolean;
  /** Whether a task of the DAG depends on the run before. */
  readonly dependsOnPast: boolean;
  /** The unfinished backfill of this DAG; null when there is none. */
  readonly activeBackfill: number | null;
  readonly now: Date;
}

type SkipReason = "already exists" | "in flight";

/** The decision about one interval. */
export type RunDecision =
  | { readonly decision: "run"; readonly reason: null }
  | { readonly decision: "skip"; readonly reason: SkipReason };

export type PlannedRun = RunInfo & RunDecision & { readonly ordinal: number };

/**
 * The runs that a backfill covers, in the order in which they run.
 * @throws DagsmithError BACKFILL_NO_SCHEDULE, BACKFILL_ACTIVE, BACKFILL_BACKWARDS,
 *   BACKFILL_DEPENDS_ON_PAST, BACKFILL_IN_FUTURE, BACKFILL_RANGE, BACKFILL_EMPTY,
 *   BACKFILL_TOO_LARGE
 */
export function backfillDates(range: BackfillRange): readonly RunInfo[] {
  refuse(range);
  const runs: RunInfo[] = [];
  for (const run of runsBetween(range.schedule, range, range.now)) {
    if (runs.length === MOST_RUNS)
      throw new DagsmithError("BACKFILL_TOO_LARGE", { ...datesOf(range), limit: MOST_RUNS });
    runs.push(run);
  }
  if (runs.length === 0)
    throw new DagsmithError("BACKFILL_EMPTY", { dag: range.dagId, ...datesOf(range) });
  return range.backwards ? runs.reverse() : runs;
}

/**
 * The decision about each of these runs.
 * @param stateOf the state of the existing run of a logical date; undefined when it has
 *   none
 */
export function planRuns(
  runs: readonly RunInfo[],
  reprocess: Reprocess,
  stateOf: (logicalDate: Date) => RunState | undefined,
): readonly PlannedRun[] {
  return runs.map((run, index) => ({
    ...run,
    ordinal: index + 1,
    ...decideRun(stateOf(run.logicalDate), reprocess),
  }));
}

/** Whether an interval runs, by the state of its existing run. */
export function decideRun(existing: RunState | undefined, reprocess: Reprocess): RunDecision {
  if (existing === undefined) return { decision: "run", reason: null };
  if (existing === "queued" || existing === "running")
    return { decision: "skip", reason: "in flight" };
  const again = reprocess === "completed" || (reprocess === "failed" && existing === "failed");
  return again ? { decision: "run", reason: null } : { decision: "skip", reason: "already exists" };
}

/**
 * Whether a task of the DAG depends on the run before: then the order of runs matters.
 */
export function looksBack(spec: DagSpec): boolean {
  return spec.tasks.some((task) => "dependsOnPast" in task && task.dependsOnPast === true);
}

function refuse(range: BackfillRange): void {
  const { dagId: dag, schedule, dependsOnPast, activeBackfill, from, to, now } = range;
  if (schedule.type === "none") throw new DagsmithError("BACKFILL_NO_SCHEDULE", { dag });
  if (activeBackfill !== null)
    throw new DagsmithError("BACKFILL_ACTIVE", { dag, backfill: activeBackfill });
  if (dependsOnPast && range.backwards) throw new DagsmithError("BACKFILL_BACKWARDS", { dag });
  if (dependsOnPast && range.reprocess === "none")
    throw new DagsmithError("BACKFILL_DEPENDS_ON_PAST", { dag });
  if (from >= now && to >= now) throw new DagsmithError("BACKFILL_IN_FUTURE", datesOf(range));
  if (from > to) throw new DagsmithError("BACKFILL_RANGE", datesOf(range));
}

function datesOf({ from, to }: BackfillRange): { readonly from: string; readonly to: string } {
  return { from: from.toISOString(), to: to.toISOString() };
}
