/**
 * A transition: one guarded move of one try, made by a verb. The store applies it only to
 * a row in a state that the verb may leave, at the try that the transition names. Pure.
 */
import type { StoredError } from "./stored_error.ts";
import {
  ENGINE,
  type FinalState,
  isFinal,
  type Mark,
  type TaskState,
  type TryRef,
} from "./task_state.ts";
import { TASK_VERBS, type TaskVerb } from "./task_verbs.ts";
import { nextPoke, type Wait, type WayBack } from "./wait.ts";

/** One guarded move of one task instance. Only the verbs below make one. */
export interface Transition {
  readonly verb: TaskVerb;
  readonly instanceId: number;
  /** The try that moves. A row at another try is left alone. */
  readonly tryNumber: number;
  /**
   * When set, only a row that this worker holds moves: a worker declared lost changes
   * nothing.
   */
  readonly heldBy: string | null;
  /** The states to leave: those of the verb, or some of them. */
  readonly from: readonly TaskState[];
  readonly to: TaskState;
  /** The try number after the move. */
  readonly nextTry: number;
  readonly workerId: string | null;
  readonly retryInMs: number | null;
  readonly reason: string | null;
  readonly error: StoredError | null;
  /**
   * The state under which the history keeps the try. Null: the instance itself still
   * shows it.
   */
  readonly history: FinalState | "lost" | null;
  /** What the instance waits for in its new state; null in a state that does not wait. */
  readonly wait: Wait | null;
}

function move(
  verb: TaskVerb,
  ref: TryRef,
  to: TaskState,
  more: Partial<Transition> = {},
): Transition {
  const defaults = {
    heldBy: null,
    nextTry: ref.tryNumber,
    workerId: null,
    retryInMs: null,
    reason: null,
    error: null,
    history: null,
    wait: null,
  };
  const { instanceId, tryNumber } = ref;
  const { from } = TASK_VERBS[verb];
  return Object.freeze({ verb, instanceId, tryNumber, from, to, ...defaults, ...more });
}

/** A worker takes the try. */
export function start(ref: TryRef, workerId: string): Transition {
  return move("start", ref, "running", { workerId });
}

/** The body returned. */
export function succeed(ref: TryRef, workerId: string): Transition {
  return move("succeed", ref, "success", { heldBy: workerId, workerId });
}

/** The body asked to be skipped. */
export function skip(ref: TryRef, workerId: string, reason: string): Transition {
  return move("skip", ref, "skipped", { heldBy: workerId, workerId, reason });
}

/** A filter refused the item: the instance is no part of its mapped task. */
export function filterOut(ref: TryRef, workerId: string, reason: string): Transition {
  return move("filterOut", ref, "removed", { heldBy: workerId, workerId, reason });
}

/** The try failed and was the last one. */
export function fail(
  ref: TryRef,
  workerId: string,
  reason: string,
  error: StoredError | null,
): Transition {
  return move("fail", ref, "failed", { heldBy: workerId, workerId, reason, error });
}

/**
 * The try failed and another follows after a delay.
 * @param wait for a group, which has no job in the queue: the wait that starts its next
 *   try
 */
export function retry(
  ref: TryRef,
  workerId: string,
  retryInMs: number,
  reason: string,
  error: StoredError | null,
  wait: Wait | null = null,
): Transition {
  const next = { nextTry: ref.tryNumber + 1, history: "failed" } as const;
  return move("retry", ref, "up_for_retry", {
    ...next,
    heldBy: workerId,
    retryInMs,
    reason,
    error,
    wait,
  });
}

/** The next try of a group is due. */
export function retryGroup(ref: TryRef, wait: Wait | undefined): Transition {
  return move("retryGroup", ref, "running", { workerId: ENGINE, wait: wait ?? null });
}

/**
 * The time of a group is up, or a person stopped it: it fails when its tasks have ended.
 */
export function timeOutGroup(ref: TryRef, reason: string): Transition {
  return move("timeOutGroup", ref, "running", { heldBy: ENGINE, workerId: ENGINE, reason });
}

/**
 * The poke of a sensor returned false, or a step of a task sleeps: the same try goes on
 * later.
 * @param way how the instance gets back to a worker
 */
export function reschedule(
  ref: TryRef,
  workerId: string,
  when: Pick<Wait, "at" | "inMs">,
  way: WayBack,
): Transition {
  const wait = nextPoke(when, way);
  return move("reschedule", ref, "up_for_reschedule", { heldBy: workerId, wait });
}

/** The next poke of a sensor is due. PostgreSQL wakes many at once, by time. */
export function wake(ref: TryRef, isLimited = false): Transition {
  return move("wake", ref, isLimited ? "scheduled" : "queued");
}

/** The body returned what to wait for; no process is needed any more. */
export function deferUntil(ref: TryRef, workerId: string, wait: Wait): Transition {
  return move("deferUntil", ref, "deferred", { heldBy: workerId, wait });
}

/** The wait is over. */
export function resume(ref: TryRef): Transition {
  return move("resume", ref, "success");
}

/** The wait was not over in time, or cannot end any more. */
export function timeOutWait(ref: TryRef, to: "failed" | "skipped", reason: string): Transition {
  return move("timeOutWait", ref, to, { reason });
}

/** The run that the task called failed, or could not be created; it was the last try. */
export function failCall(ref: TryRef, reason: string, error: StoredError): Transition {
  return move("failCall", ref, "failed", { reason, error });
}

/** The run that the task called failed, and another try follows after a delay. */
export function retryCall(
  ref: TryRef,
  retryInMs: number,
  reason: string,
  error: StoredError,
): Transition {
  const next = { nextTry: ref.tryNumber + 1, history: "failed" } as const;
  return move("retryCall", ref, "up_for_retry", { ...next, retryInMs, reason, error });
}

/** No worker took the try in time. */
export function expire(ref: TryRef, reason: string): Transition {
  return move("expire", ref, "failed", { reason });
}

/**
 * The worker that ran the try is dead. The same work is queued again, as a new try.
 * @param next whether the try needs slots first, and after how many milliseconds it may
 *   begin
 */
export function rescue(
  ref: TryRef,
  deadWorkerId: string,
  reason: string,
  { isLimited = false, inMs = 0 }: { readonly isLimited?: boolean; readonly inMs?: number } = {},
): Transition {
  const retryInMs = inMs === 0 ? null : inMs;
  const next = { nextTry: ref.tryNumber + 1, history: "lost", retryInMs } as const;
  const to = isLimited ? "scheduled" : "queued";
  return move("rescue", ref, to, { ...next, heldBy: deadWorkerId, reason });
}

/** The worker that ran the try is dead, and so were too many before it. */
export function failLost(ref: TryRef, deadWorkerId: string, reason: string): Transition {
  const holder = { heldBy: deadWorkerId, workerId: deadWorkerId };
  return move("failLost", ref, "failed", { ...holder, reason });
}

/**
 * The task said the keys under which it runs, and waits for its slots. The try has not
 * begun.
 */
export function yieldForSlots(ref: TryRef, workerId: string): Transition {
  return move("yieldForSlots", ref, "scheduled", { heldBy: workerId });
}

/** No limit can ever grant the slots that the instance needs. */
export function refuse(ref: TryRef, reason: string, error: StoredError): Transition {
  return move("refuse", ref, "failed", { reason, error });
}

/**
 * A person stops it: what runs has failed, the rest is skipped (Airflow's rule for a
 * failed run).
 */
export function cancel(ref: TryRef, state: TaskState, reason: string): Transition {
  return state === "running"
    ? move("cancel", ref, "failed", { reason })
    : move("skipPending", ref, "skipped", { reason });
}

/** A decision skips it: it does not run, or could not run because of a failure. */
export function skipByDecision(ref: TryRef, reason: string): Transition {
  return move("skipByDecision", ref, "skipped", { reason });
}

/**
 * The run took too long: each instance that has not ended is skipped, as Airflow does.
 */
export function timeOut(ref: TryRef, reason: string): Transition {
  return move("timeOut", ref, "skipped", { reason });
}

/** An instance, in any state, that a person clears. */
export interface TouchedInstance extends TryRef {
  readonly state: TaskState;
  /** Whether its current try has started. */
  readonly began: boolean;
  /** Whether a job for its current try was put into the queue, where it may still lie. */
  readonly wasQueued: boolean;
}

/**
 * A person wants it done again: it runs when its trigger rule is met again, and how it
 * ended is history. A running instance cannot be cleared: two of its tries would run at
 * once. A try that never started keeps its number, unless its job lies in the queue.
 */
export function clear({ state, began, wasQueued, ...ref }: TouchedInstance): Transition {
  // In the history a filtered item was skipped. Only an instance is removed.
  const ended = state === "removed" ? "skipped" : state;
  const history = isFinal(ended) && began ? ended : null;
  const isUsed = history !== null || wasQueued || !isFinal(state);
  return move("clear", ref, "none", {
    from: TASK_VERBS.clear.from.filter((from) => from === state),
    nextTry: ref.tryNumber + (isUsed ? 1 : 0),
    history,
  });
}

/**
 * A person decides how it ended, in any state. A worker that still runs it cannot end it.
 */
export function mark(ref: TryRef, to: Mark, reason: string): Transition {
  return move("mark", ref, to, {
    from: TASK_VERBS.mark.from.filter((from) => from !== to),
    reason,
  });
}
