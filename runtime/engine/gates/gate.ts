/**
 * Why a task does not run, asked of each thing that can hold it up. A gate is one small rule over facts: it says what is not met, or nothing.
 * It decides with the predicates that the engine itself decides with, so that what people read is what holds.
 */
import type { RunState } from "../../state/run_state.ts";
import type { TaskState } from "../../state/task_state.ts";
import type { UpstreamCounts } from "../../state/trigger_rule.ts";
import type { RunningWait } from "../../state/wait.ts";
import type { Usage } from "../limits/admission.ts";
import type { Reservation } from "../limits/limits.ts";
import type { PlannedTask } from "../plan/plan.ts";

/** A task before the one in question, and where it stands. */
export interface UpstreamTask {
  readonly taskId: string;
  readonly state: TaskState | "none";
}

/** The run, and what decides when it may begin. */
export interface WaitingRun {
  readonly dagId: string;
  readonly state: RunState;
  readonly runAfter: Date;
  readonly isPaused: boolean;
  /** The number of its backfill, when that is paused. */
  readonly pausedBackfill?: number | null;
  /** Runs of the DAG, or of its backfill, that are running, and how many it allows. */
  readonly runningRuns: number;
  readonly maxActiveRuns: number;
  /** Schedulers alive. */
  readonly schedulers: number;
}

/** An instance that waits. */
export interface WaitingInstance {
  readonly mapIndex: number;
  readonly state: TaskState;
  readonly retryAt: Date | null;
  /** What its last move said. */
  readonly reason: string | null;
  /** The places it waits for; null when it waits for none. */
  readonly places: {
    readonly reservations: readonly Reservation[];
    readonly notBefore: Date;
  } | null;
  /** What it waits for of its own; absent when for nothing. */
  readonly wait?: RunningWait;
}

/** Workers that may run it. */
export interface WorkerFacts {
  /** Workers alive, whatever they serve. */
  readonly alive: number;
  /** Of those that serve the task's queue: how many, their slots, and the tries that they run. */
  readonly serving: number;
  readonly slots: number;
  readonly busy: number;
}

/** Everything that a gate may look at. */
export interface WaitingFacts {
  readonly now: Date;
  readonly run: WaitingRun;
  readonly task: PlannedTask;
  /** Null: the task's turn has not come. */
  readonly instance: WaitingInstance | null;
  readonly upstream: readonly UpstreamTask[];
  /** The group as one that it is within; null for none. */
  readonly group: UpstreamTask | null;
  /** Instances of the tasks before it, by how they ended. */
  readonly counts: UpstreamCounts;
  /** Its turn has come but for its past. */
  readonly waitsForDependsOnPast: boolean;
  readonly usage: Usage;
  readonly workers: WorkerFacts;
}

export interface Reason {
  /** Stable name of what holds it up. */
  readonly gate: string;
  readonly text: string;
}

export interface Gate {
  readonly name: string;
  /** What is not met, a sentence each; none when this gate is open. */
  readonly unmet: (facts: WaitingFacts) => readonly string[];
}

/** `4 runs`, `1 run`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
