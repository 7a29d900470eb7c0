/**
 * Why a task does not run. A gate is one small rule over facts, and names what is not
 * met. It calls the predicates of the engine, so that people read what the engine
 * decides.
 */
import type { RunState } from "../../state/run_state.ts";
import type { TaskState } from "../../state/task_state.ts";
import type { Awaited } from "../../state/trigger_rule.ts";
import type { RunningWait } from "../../state/wait.ts";
import type { Usage } from "../limits/admission.ts";
import type { Reservation } from "../limits/limits.ts";
import type { PlannedTask } from "../plan/plan.ts";

/** A task before the task in question, and its state. */
export interface UpstreamTask {
  readonly taskId: string;
  readonly state: TaskState | "none";
}

/** The run, and what decides when it starts. */
export interface WaitingRun {
  readonly dagId: string;
  readonly state: RunState;
  readonly runAfter: Date;
  readonly isPaused: boolean;
  /** The number of the run's backfill, when the backfill is paused. */
  readonly pausedBackfill?: number | null;
  /** Running runs of the DAG, or of the backfill, and how many may run. */
  readonly runningRuns: number;
  readonly maxActiveRuns: number;
  /** Live schedulers. */
  readonly schedulers: number;
}

/** An instance that waits. */
export interface WaitingInstance {
  readonly mapIndex: number;
  readonly state: TaskState;
  readonly retryAt: Date | null;
  /** The reason of its last transition. */
  readonly reason: string | null;
  /** The slots that it waits for; null when it waits for none. */
  readonly slotRequest: {
    readonly reservations: readonly Reservation[];
    readonly notBefore: Date;
  } | null;
  /** A wait of the task itself, such as a sensor's next poke; absent without one. */
  readonly wait?: RunningWait;
}

/** Workers that may run the task. */
export interface WorkerFacts {
  /** Live workers, whichever queues they serve. */
  readonly alive: number;
  /**
   * Workers that serve the queue of the task, their slots, and the tries that they run.
   */
  readonly serving: number;
  readonly slots: number;
  readonly busy: number;
}

/** Everything that a gate may look at. */
export interface WaitingFacts {
  readonly now: Date;
  readonly run: WaitingRun;
  readonly task: PlannedTask;
  /** Null: the task is not instantiated. */
  readonly instance: WaitingInstance | null;
  readonly upstream: readonly UpstreamTask[];
  /** The group around the task; null outside groups. */
  readonly group: UpstreamTask | null;
  /** The setups that it needs, and of a teardown the tasks in its scope. */
  readonly further: readonly UpstreamTask[];
  /** Instances of all these tasks, by final state. */
  readonly counts: Awaited;
  /** Whether the task waits for nothing but the run before. */
  readonly waitsForDependsOnPast: boolean;
  readonly usage: Usage;
  readonly workers: WorkerFacts;
}

export interface Reason {
  /** The name of the gate, which does not change. */
  readonly gate: string;
  readonly text: string;
}

export interface Gate {
  readonly name: string;
  /** A sentence for each condition that is not met; none when the gate is open. */
  readonly unmet: (facts: WaitingFacts) => readonly string[];
}

/** `4 runs`, `1 run`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
