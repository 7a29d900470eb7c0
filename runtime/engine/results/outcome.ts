/**
 * How tries and waits end: reported by the worker that ran the try, by a clock, by
 * another run, or by a person.
 */
import type { Json } from "../../../sdk/json.ts";
import type { LateKeys, WaitSpec } from "../../../sdk/spec/index.ts";
import type { StoredError } from "../../state/stored_error.ts";
import type { TaskState } from "../../state/task_state.ts";

/** What a task declared about one asset while it ran. */
export interface DeclaredUpdate {
  readonly uri: string;
  readonly alias: string | null;
  readonly extra: Json;
}

/** A value of state that a task set; `json` is null for a value that it deleted. */
export interface StateChange {
  /** `dag`, `task`, or `shared:` and a name. */
  readonly scope: string;
  readonly key: string;
  readonly json: string | null;
}

/** How a try ended. */
export type Outcome = Result & {
  /** The label that the task gave to this instance. */
  readonly label?: string;
};

type Result =
  | SuccessOutcome
  /** `filteredOut`: the filter of a list refused the item. */
  | { readonly kind: "skipped"; readonly reason: string; readonly filteredOut?: boolean }
  | FailedOutcome
  | WaitOutcome
  /**
   * The task named the keys that it runs under. The try has not started, and requests
   * slots.
   */
  | { readonly kind: "needs_slots"; readonly keys: LateKeys }
  /** The worker that ran the try died, or was stopped (WORKER_STOPPED is the reason). */
  | { readonly kind: "lost"; readonly reason: string };

interface SuccessOutcome {
  readonly kind: "success";
  /** JSON text; null when the body returned nothing, or when the output is in `file`. */
  readonly output: string | null;
  readonly file?: string;
  readonly assets?: readonly DeclaredUpdate[];
  readonly state?: readonly StateChange[];
  /** Of an iteration: the loop is not done. */
  readonly again?: boolean;
}

export interface FailedOutcome {
  readonly kind: "failed";
  readonly reason: string;
  readonly error: StoredError | null;
  readonly retryable: boolean;
  /** How long the error asks to wait before the next try. */
  readonly retryAfterMs?: number;
}

/** Beginnings and ends of waits. A worker reports only the first two. */
export type WaitOutcome =
  /**
   * A poke returned false. `keys`: those that the sensor named by a function; its next
   * poke runs under them, too.
   */
  | { readonly kind: "not_yet"; readonly keys?: LateKeys }
  /** A step of the task sleeps. One of `at` (ISO 8601) and `inMs` is null. */
  | {
      readonly kind: "asleep";
      readonly step: string;
      readonly at: string | null;
      readonly inMs: number | null;
      /** Those that the task named by a function; it runs under them again. */
      readonly keys?: LateKeys;
    }
  /** The body returned what to wait for. */
  | { readonly kind: "deferred"; readonly wait: WaitSpec }
  /** The wait was met. `output` is JSON text; null for none. */
  | { readonly kind: "resumed"; readonly output: string | null }
  /** The wait was not met in time, or cannot be met any more. */
  | {
      readonly kind: "wait_timed_out";
      readonly to: "failed" | "skipped";
      readonly reason: string;
    }
  /** The run that the task called failed, or could not be created. */
  | {
      readonly kind: "call_failed";
      readonly reason: string;
      readonly error: StoredError;
      readonly retryable: boolean;
    }
  /** The next try of a group instance is due. */
  | { readonly kind: "group_retry_due" }
  | { readonly kind: "group_timed_out"; readonly reason: string }
  /** No worker took the instance in time. */
  | { readonly kind: "expired"; readonly reason: string }
  /**
   * A person stopped the instance in this state. In a group instance nothing starts any
   * more.
   */
  | { readonly kind: "cancelled"; readonly state: TaskState; readonly reason: string };

export const GROUP_TIMED_OUT: WaitOutcome = {
  kind: "group_timed_out",
  reason: "the group took longer than its time limit",
};

/** The end of one try, or of a wait. */
export interface TryEnd {
  readonly instanceId: number;
  readonly tryNumber: number;
  readonly lostTries: number;
  /** Of the lost tries, those that no death ended. Default 0. */
  readonly sparedTries?: number;
  /** Tries before the instance was last cleared: they use up no retry. Default 0. */
  readonly clearedTries?: number;
  readonly runId: number;
  readonly taskId: string;
  readonly mapIndex: number;
  /** The worker that held the try: another worker's end of it changes nothing. */
  readonly workerId: string;
  /** Since the start of the first try. Default 0. */
  readonly elapsedMs?: number;
  /** Pokes before this one in this try. Default 0. */
  readonly pokes?: number;
  readonly outcome: Outcome;
}

/** Whether an iteration of a loop asks for another one. */
export function asksForNext(outcome: Outcome): boolean {
  return outcome.kind === "success" && outcome.again === true;
}
