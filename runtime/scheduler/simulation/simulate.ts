/**
 * The scheduler over virtual time: the real decisions and timetables, a store that is a few variables, and runs that take as long as one
 * says. Nothing sleeps and nothing is left to chance, so the same question has the same answer for ever.
 */
import { DagsmithError } from "../../../sdk/errors.ts";
import type { DagSpec } from "../../../sdk/spec/index.ts";
import type { ScheduleMemory } from "../../store/dags/dag_schedule.ts";
import type { NewSlot, SkipReason } from "../../store/dags/slot.ts";
import { restrictionOf } from "../../timetable/index.ts";
import { decide } from "../decide.ts";
import { SlotLine } from "../slot_line.ts";
import { type ClockChange, clockChanges } from "./simulate_clocks.ts";
import { type Overlap, overlapsOf, type PoolUse, poolUse } from "./simulate_load.ts";

/** A DAG to be simulated. */
export interface SimulatedDag {
  readonly spec: DagSpec;
  /** How long each of its runs takes. At least 1. */
  readonly durationMs: number;
}

export interface SimulateRequest {
  readonly dags: readonly SimulatedDag[];
  /** Everything before has run; inclusive. */
  readonly from: Date;
  /** The last instant of the simulation, inclusive. */
  readonly to: Date;
  /** When the scheduler first looks: what fell due since `from` was missed. Default: `from`. */
  readonly now?: Date;
  /** Slots of each pool. */
  readonly pools?: Readonly<Record<string, number>>;
  /** More slots than this are refused, as they would not fit into memory. Default 1,000,000: 100 hourly DAGs over a year. */
  readonly mostSlots?: number;
}

/** A slot as it was decided. */
export interface SimulatedSlot {
  readonly dagId: string;
  readonly schedule: string;
  readonly decision: "run" | "skipped";
  readonly reason: SkipReason | null;
  /** Slots in a row with this decision; null: too many to count. */
  readonly count: number | null;
  readonly logicalDate: Date;
  readonly lastLogicalDate: Date;
  readonly dataIntervalStart: Date;
  readonly dataIntervalEnd: Date;
  readonly runAfter: Date;
  readonly runId: string | null;
  /** When the scheduler decided: later than `runAfter` when the run had to wait. */
  readonly decidedAt: Date;
}

/** What came of one DAG. */
interface SimulatedTotals {
  readonly dagId: string;
  readonly runs: number;
  /** Slots without a run; null: too many to count. */
  readonly skipped: number | null;
  /** Most runs at once. */
  readonly mostAtOnce: number;
  /** The longest that a run waited for a place. */
  readonly longestWaitMs: number;
  /** Why its schedule stands still. */
  readonly error: string | null;
}

export interface Simulation {
  readonly dags: readonly SimulatedTotals[];
  /** In the order of the decisions. */
  readonly slots: readonly SimulatedSlot[];
  /** Times in which a DAG has several runs at once. */
  readonly overlaps: readonly Overlap[];
  /** Days on which clocks change in a DAG's timezone, and how many of its slots they touch. */
  readonly clockChanges: readonly ClockChange[];
  /** What runs need of pools at most. */
  readonly pools: readonly PoolUse[];
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
  mostSlots = 1_000_000,
}: SimulateRequest): Simulation {
  const span = { from, to, now };
  const courses: Course[] = [];
  let left = mostSlots;
  for (const dag of dags) {
    const course = follow(dag, span, left);
    if (course === null) throw new DagsmithError("SIMULATION_TOO_LARGE", { most: mostSlots });
    left -= course.slots.length;
    courses.push(course);
  }
  const slots = courses
    .flatMap((course) => course.slots)
    .sort((a, b) => a.decidedAt.getTime() - b.decidedAt.getTime());
  return {
    dags: courses.map(totals),
    slots,
    overlaps: courses.flatMap(overlapsOf),
    clockChanges: courses.flatMap((course) => clockChanges(course, span)),
    pools: poolUse(courses, pools),
  };
}

/** What a DAG did. */
export interface Course {
  readonly dag: SimulatedDag;
  readonly slots: readonly SimulatedSlot[];
  readonly error: string | null;
}

/** DAGs do not wait for each other, so each is followed alone, from one look to the next. Null: it has more slots than `most`. */
function follow(
  dag: SimulatedDag,
  { from, to, now }: { readonly from: Date; readonly to: Date; readonly now: Date },
  most: number,
): Course | null {
  const { spec, durationMs } = dag;
  const slots: SimulatedSlot[] = [];
  // In the order in which they end, as all take the same time.
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
    const decision = decide({ dag: standing, spec, memories, active: ends.length, now: clock });
    for (const slot of decision.slots) slots.push(decided(slot, clock));
    if (slots.length > most) return null;
    for (const _ of decision.runs) ends.push(clock.getTime() + Math.max(1, durationMs));
    ({ memories } = decision);
    ({ error } = decision.dag);
    fullSince = decision.dag.atCapacity ? (fullSince ?? clock) : null;
    const next: Date | null = decision.dag.nextRunAfter;
    dueAt = next ?? dueAt;
    clock = decision.dag.atCapacity && ends[0] !== undefined ? new Date(ends[0]) : next;
  }
  return { dag, slots, error };
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
        new SlotLine(named, { bounds: restrictionOf(spec) }).latestBefore(from)?.dataInterval ??
        null,
    };
  } catch {
    // The first look meets the same error, and says so.
    return none;
  }
}

function decided(
  { dagId, schedule, decision, reason, count, first, last, runId }: NewSlot,
  decidedAt: Date,
): SimulatedSlot {
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

function totals({ dag, slots, error }: Course): SimulatedTotals {
  let [runs, longestWaitMs] = [0, 0];
  let skipped: number | null = 0;
  for (const { decision, count, runAfter, decidedAt } of slots) {
    if (decision === "skipped")
      skipped = skipped === null || count === null ? null : skipped + count;
    else {
      runs += 1;
      longestWaitMs = Math.max(longestWaitMs, decidedAt.getTime() - runAfter.getTime());
    }
  }
  const mostAtOnce = overlapsOf({ dag, slots, error }).reduce(
    (most, overlap) => Math.max(most, overlap.runs),
    Math.min(1, runs),
  );
  return { dagId: dag.spec.dagId, runs, skipped, mostAtOnce, longestWaitMs, error };
}
