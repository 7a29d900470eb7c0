/**
 * The scheduler over virtual time: the real decisions and timetables, a store of a few
 * variables, and runs of a given length. Nothing sleeps and nothing is random, so the
 * same question always has the same answer.
 */
import { DagsmithError } from "../../../sdk/errors.ts";
import type { DagSpec } from "../../../sdk/spec/index.ts";
import type { ScheduleMemory } from "../../store/dags/dag_schedule.ts";
import type { NewDecision } from "../../store/dags/schedule_decision.ts";
import { restrictionOf } from "../../timetable/index.ts";
import { decide } from "../decisions/decide.ts";
import { IntervalWalk } from "../decisions/interval_walk.ts";
import { clockChanges } from "./clock_changes.ts";
import { overlapsOf, poolUse } from "./load.ts";
import type {
  Course,
  SimulatedDag,
  SimulatedDecision,
  SimulatedTotals,
  Simulation,
} from "./simulation.ts";

export interface SimulateRequest {
  readonly dags: readonly SimulatedDag[];
  /** All earlier intervals have run; inclusive. */
  readonly from: Date;
  /** The last instant of the simulation, inclusive. */
  readonly to: Date;
  /**
   * When the scheduler makes its first pass: intervals that were due since `from` are
   * missed. Default: `from`.
   */
  readonly now?: Date;
  /** Slots of each pool. */
  readonly pools?: Readonly<Record<string, number>>;
  /**
   * More intervals than this are refused, because they would not fit into memory. Default
   * 1,000,000: 100 hourly DAGs over a year.
   */
  readonly mostDecisions?: number;
}

/**
 * Runs the scheduler from one instant to another.
 * @throws DagsmithError SIMULATION_TOO_LARGE
 */
export function simulate({
  dags,
  from,
  to,
  now = from,
  pools = {},
  mostDecisions = 1_000_000,
}: SimulateRequest): Simulation {
  const span = { from, to, now };
  const courses: Course[] = [];
  let left = mostDecisions;
  for (const dag of dags) {
    const course = follow(dag, span, left);
    if (course === null) throw new DagsmithError("SIMULATION_TOO_LARGE", { most: mostDecisions });
    left -= course.decisions.length;
    courses.push(course);
  }
  const decisions = courses
    .flatMap((course) => course.decisions)
    .sort((a, b) => a.decidedAt.getTime() - b.decidedAt.getTime());
  return {
    dags: courses.map(totals),
    decisions,
    overlaps: courses.flatMap(overlapsOf),
    clockChanges: courses.flatMap((course) => clockChanges(course, span)),
    pools: poolUse(courses, pools),
  };
}

/**
 * DAGs do not wait for each other, so each is simulated alone, from one pass to the next.
 * Null: it has more intervals than `most`.
 */
function follow(
  dag: SimulatedDag,
  { from, to, now }: { readonly from: Date; readonly to: Date; readonly now: Date },
  most: number,
): Course | null {
  const { spec, durationMs } = dag;
  const decisions: SimulatedDecision[] = [];
  // In the order in which they end, because all take the same time.
  const ends: number[] = [];
  let memories: readonly ScheduleMemory[] = spec.schedules.map((named) =>
    ranUntil(dag, named, from),
  );
  let fullSince: Date | null = null;
  let error: string | null = null;
  for (let clock: Date | null = now, dueAt = now; clock !== null && clock <= to; ) {
    while (ends[0] !== undefined && ends[0] <= clock.getTime()) ends.shift();
    const standing = {
      dagId: spec.dagId,
      versionId: 0,
      dueAt,
      pausedAt: null,
      unpausedAt: null,
      fullSince,
    };
    const result = decide({ dag: standing, spec, memories, active: ends.length, now: clock });
    for (const made of result.decisions) decisions.push(decided(made, clock));
    if (decisions.length > most) return null;
    for (const _ of result.runs) ends.push(clock.getTime() + Math.max(1, durationMs));
    ({ memories } = result);
    ({ error } = result.dag);
    fullSince = result.dag.atCapacity ? (fullSince ?? clock) : null;
    const next: Date | null = result.dag.nextRunAfter;
    dueAt = next ?? dueAt;
    clock = result.dag.atCapacity && ends[0] !== undefined ? new Date(ends[0]) : next;
  }
  return { dag, decisions, error };
}

function ranUntil(
  { spec }: SimulatedDag,
  named: DagSpec["schedules"][number],
  from: Date,
): ScheduleMemory {
  const none = {
    dagId: spec.dagId,
    name: named.name,
    lastInterval: null,
    nextRunAfter: null,
    error: null,
    gaps: [],
    skipped: null,
  };
  try {
    return {
      ...none,
      lastInterval:
        new IntervalWalk(named, { bounds: restrictionOf(spec) }).latestBefore(from)?.dataInterval ??
        null,
    };
  } catch {
    // The first pass meets the same error, and reports it.
    return none;
  }
}

function decided(
  { dagId, schedule, decision, reason, count, first, last, runId }: NewDecision,
  decidedAt: Date,
): SimulatedDecision {
  return {
    dagId,
    schedule,
    decision,
    reason,
    count,
    logicalDate: first.logicalDate,
    lastLogicalDate: last.logicalDate,
    dataIntervalStart: first.dataInterval.start,
    dataIntervalEnd: last.dataInterval.end,
    runAfter: first.runAfter,
    runId,
    decidedAt,
  };
}

function totals({ dag, decisions, error }: Course): SimulatedTotals {
  let [runs, longestWaitMs] = [0, 0];
  let skipped: number | null = 0;
  for (const { decision, count, runAfter, decidedAt } of decisions) {
    if (decision === "skipped")
      skipped = skipped === null || count === null ? null : skipped + count;
    else {
      runs += 1;
      longestWaitMs = Math.max(longestWaitMs, decidedAt.getTime() - runAfter.getTime());
    }
  }
  const mostAtOnce = overlapsOf({ dag, decisions, error }).reduce(
    (most, overlap) => Math.max(most, overlap.runs),
    Math.min(1, runs),
  );
  return { dagId: dag.spec.dagId, runs, skipped, mostAtOnce, longestWaitMs, error };
}
