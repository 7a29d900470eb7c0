/** The arguments and the results of a simulation; the shapes that its parts share. */
import type { DagSpec } from "../../../sdk/spec/index.ts";
import type { ScheduleDecision } from "../../store/reads/decisions.ts";

/** A DAG to be simulated. */
export interface SimulatedDag {
  readonly spec: DagSpec;
  /** How long each of its runs takes. At least 1. */
  readonly durationMs: number;
}

/**
 * The decision about an interval, as the scheduler would store it. `decidedAt` is later
 * than `runAfter` when the run had to wait.
 */
export interface SimulatedDecision
  extends Omit<ScheduleDecision, "lastRunAfter" | "run" | "runState"> {
  readonly dagId: string;
}

/** The result of one DAG. */
export interface SimulatedTotals {
  readonly dagId: string;
  readonly runs: number;
  /** Intervals without a run; null: too many to count. */
  readonly skipped: number | null;
  /** Most runs at once. */
  readonly mostAtOnce: number;
  /** The longest time that a run waited for capacity. */
  readonly longestWaitMs: number;
  /** Why its schedule stopped. */
  readonly error: string | null;
}

export interface Simulation {
  readonly dags: readonly SimulatedTotals[];
  /** In the order of the decisions. */
  readonly decisions: readonly SimulatedDecision[];
  /** Times in which a DAG has several runs at once. */
  readonly overlaps: readonly Overlap[];
  /**
   * Days on which clocks change in a DAG's timezone, and how many of its intervals they
   * touch.
   */
  readonly clockChanges: readonly ClockChange[];
  /** The most slots that runs need of pools. */
  readonly pools: readonly PoolUse[];
}

/** The runs and skips of a DAG. */
export interface Course {
  readonly dag: SimulatedDag;
  readonly decisions: readonly SimulatedDecision[];
  readonly error: string | null;
}

/** A time in which a DAG has several runs at once. */
export interface Overlap {
  readonly dagId: string;
  readonly from: Date;
  readonly to: Date;
  /** Most at once. */
  readonly runs: number;
}

/** What simulated runs need of a pool. */
export interface PoolUse {
  readonly pool: string;
  /** Its slots; null when they are unknown or unlimited. */
  readonly slots: number | null;
  /**
   * The most slots that the runs need at once, when the widest steps of all active runs
   * coincide; and when that first happens.
   */
  readonly most: number;
  readonly mostAt: Date;
  /** Times in which they need more slots than the pool has. */
  readonly saturated: readonly { readonly from: Date; readonly to: Date }[];
}

export interface ClockChange {
  readonly dagId: string;
  /** The local day, such as `2026-03-29`. */
  readonly date: string;
  readonly timezone: string;
  /** The instant at which clocks change. */
  readonly at: Date;
  /** By how many minutes: 60 forward, -60 back. */
  readonly minutes: number;
  /** Runs whose interval begins or ends on that day, or which are due then. */
  readonly intervals: number;
}
