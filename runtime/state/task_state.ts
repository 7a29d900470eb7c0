/**
 * The states of a task instance and the verbs that move it. A transition names the states it may leave and the one it enters; a store
 * applies it only to a row that is in one of the former, at the try it speaks of. Pure: no clock, no database.
 */

import { nextPoke, type Wait, type WayBack } from "./wait.ts";

/**
 * - `none`: was cleared, waits for its turn anew. In: clear. Out: its turn (queued, scheduled, deferred, running as a group, or a final
 *   state), mark.
 * - `scheduled`: may run, waits for a place under its limits. In: expand, rescue, wake, park. Out: release, begin (a group), refuse, cancel,
 *   clear, mark.
 * - `queued`: a wake-up token lies in the queue. In: queue, release, rescue, wake. Out: start, expire, cancel, clear, mark.
 * - `running`: a worker runs it; or it is a group, and its tasks run. In: start; of a group its turn, begin, beginAgain. Out: succeed, skip,
 *   leaveOut, retry, fail, reschedule, deferUntil, park, rescue, cancel, mark.
 * - `up_for_retry`: a token lies in the queue for later, or it waits for a place from then on; the row of a group says when. In: retry. Out:
 *   start, beginAgain, release, refuse, expire, cancel, clear, mark.
 * - `up_for_reschedule`: a sensor between two pokes; its row says when the next is due. In: reschedule. Out: wake, cancel, clear, mark.
 * - `deferred`: waits for a time, a run or an event; its row says for which. In: its turn, deferUntil. Out: resume, giveUp, cancel, clear,
 *   mark.
 * - final: `success`, `failed`, `skipped`, `upstream_failed` (never ran, because of a task before it), `removed` (an instance of a mapped
 *   task whose list has become shorter). Out: clear, mark.
 *
 * A task whose turn has not come has no instance, or one that is `none`: Airflow's state of that name.
 */
export const TASK_STATES = [
  "none",
  "scheduled",
  "queued",
  "running",
  "up_for_retry",
  "up_for_reschedule",
  "deferred",
  "success",
  "failed",
  "skipped",
  "upstream_failed",
  "removed",
] as const;
export type TaskState = (typeof TASK_STATES)[number];

export const FINAL_STATES = ["success", "failed", "skipped", "upstream_failed", "removed"] as const;
export type FinalState = (typeof FINAL_STATES)[number];

/** Whether nothing moves an instance in this state any more. */
export function isFinal(state: TaskState): state is FinalState {
  return (FINAL_STATES as readonly string[]).includes(state);
}

/** An error as stored with a try. */
export interface StoredError {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
}

/** One guarded move of one task instance. Only the verbs below make one. */
export interface Transition {
  readonly instanceId: number;
  /** The try it speaks of: a row at another try is left alone. */
  readonly tryNumber: number;
  /** When set, only this worker's hold on the instance counts: the fence against a worker that was given up for dead. */
  readonly heldBy: string | null;
  readonly from: readonly TaskState[];
  readonly to: TaskState;
  /** The try number after the move. */
  readonly nextTry: number;
  readonly workerId: string | null;
  readonly retryInMs: number | null;
  readonly reason: string | null;
  readonly error: StoredError | null;
  /** What the history remembers of the try that ends here, when another follows; null when the instance itself still shows it. */
  readonly history: FinalState | "lost" | null;
  /** What it waits for in the state that it enters; null when that is not a waiting one. */
  readonly wait: Wait | null;
}

/** What a transition acts on. */
export interface TryRef {
  readonly instanceId: number;
  readonly tryNumber: number;
}

/** Holds the tries of groups, as a worker holds those of tasks; no worker has this id. */
export const ENGINE = "engine";

const NOT_RUNNING = [
  "scheduled",
  "queued",
  "up_for_retry",
  "up_for_reschedule",
  "deferred",
] as const;

function move(
  ref: TryRef,
  from: readonly TaskState[],
  to: TaskState,
  more: Partial<Transition> = {},
): Transition {
  const still = {
    heldBy: null,
    nextTry: ref.tryNumber,
    workerId: null,
    retryInMs: null,
    reason: null,
    error: null,
    history: null,
    wait: null,
  };
  return Object.freeze({
    instanceId: ref.instanceId,
    tryNumber: ref.tryNumber,
    from,
    to,
    ...still,
    ...more,
  });
}

/** A worker takes the try. */
export function start(ref: TryRef, workerId: string): Transition {
  return move(ref, ["queued", "up_for_retry"], "running", { workerId });
}

/** The body returned. */
export function succeed(ref: TryRef, workerId: string): Transition {
  return move(ref, ["running"], "success", { heldBy: workerId, workerId });
}

/** The body asked to be skipped. */
export function skip(ref: TryRef, workerId: string, reason: string): Transition {
  return move(ref, ["running"], "skipped", { heldBy: workerId, workerId, reason });
}

/** Its item is none of the list's. */
export function leaveOut(ref: TryRef, workerId: string, reason: string): Transition {
  return move(ref, ["running"], "removed", { heldBy: workerId, workerId, reason });
}

/** The try failed and was the last one. */
export function fail(
  ref: TryRef,
  workerId: string,
  reason: string,
  error: StoredError | null,
): Transition {
  return move(ref, ["running"], "failed", { heldBy: workerId, workerId, reason, error });
}

/** The try failed and another follows after a delay. @param wait what brings it about, for a group: no token does */
export function retry(
  ref: TryRef,
  workerId: string,
  retryInMs: number,
  reason: string,
  error: StoredError | null,
  wait: Wait | null = null,
): Transition {
  return move(ref, ["running"], "up_for_retry", {
    heldBy: workerId,
    nextTry: ref.tryNumber + 1,
    retryInMs,
    reason,
    error,
    history: "failed",
    wait,
  });
}

/** The next try of a group is due. */
export function beginAgain(ref: TryRef, wait: Wait | undefined): Transition {
  return move(ref, ["up_for_retry"], "running", { workerId: ENGINE, wait: wait ?? null });
}

/** The time of a group is up, or a person stopped it: it fails when what runs of it has ended. */
export function overrun(ref: TryRef, reason: string): Transition {
  return move(ref, ["running"], "running", { heldBy: ENGINE, workerId: ENGINE, reason });
}

/** The poke said no: the same try goes on with another poke. @param way how it gets back to a worker */
export function reschedule(ref: TryRef, workerId: string, inMs: number, way: WayBack): Transition {
  return move(ref, ["running"], "up_for_reschedule", {
    heldBy: workerId,
    wait: nextPoke(inMs, way),
  });
}

/** A sensor's next poke is due; it waits for its places again when it has limits. PostgreSQL applies it to many at once, by time. */
export function wake(ref: TryRef, isLimited = false): Transition {
  return move(ref, ["up_for_reschedule"], isLimited ? "scheduled" : "queued");
}

/** The body said what to wait for; no process is needed any more. */
export function deferUntil(ref: TryRef, workerId: string, wait: Wait): Transition {
  return move(ref, ["running"], "deferred", { heldBy: workerId, wait });
}

/** What was waited for has come. */
export function resume(ref: TryRef): Transition {
  return move(ref, ["deferred"], "success");
}

/** What was waited for did not come in time, or can come no more. */
export function giveUp(ref: TryRef, to: "failed" | "skipped", reason: string): Transition {
  return move(ref, ["deferred"], to, { reason });
}

/** No worker took it in time. */
export function expire(ref: TryRef, reason: string): Transition {
  return move(ref, ["queued", "up_for_retry"], "failed", { reason });
}

/** The worker that ran the try is dead: the same work again, as a new try, which waits for its places again when it has limits. */
export function rescue(
  ref: TryRef,
  deadWorkerId: string,
  reason: string,
  isLimited = false,
): Transition {
  return move(ref, ["running"], isLimited ? "scheduled" : "queued", {
    heldBy: deadWorkerId,
    nextTry: ref.tryNumber + 1,
    reason,
    history: "lost",
  });
}

/** The worker that ran the try is dead, and so were too many before it. */
export function abandon(ref: TryRef, deadWorkerId: string, reason: string): Transition {
  return move(ref, ["running"], "failed", { heldBy: deadWorkerId, workerId: deadWorkerId, reason });
}

/** The task has said under which keys it runs, and waits for its places; the try has not begun. */
export function park(ref: TryRef, workerId: string): Transition {
  return move(ref, ["running"], "scheduled", { heldBy: workerId });
}

/** No place can ever be given to it. */
export function refuse(ref: TryRef, reason: string, error: StoredError): Transition {
  return move(ref, NOT_RUNNING, "failed", { reason, error });
}

/** A person stops it: what runs has failed, what has not begun is skipped (Airflow's rule for a run marked failed). */
export function cancel(ref: TryRef, state: TaskState, reason: string): Transition {
  return move(
    ref,
    state === "running" ? ["running"] : NOT_RUNNING,
    state === "running" ? "failed" : "skipped",
    { reason },
  );
}

/** Its run took longer than it may: whatever has not ended is skipped (Airflow's rule), what runs is killed. */
export function timeOut(ref: TryRef, reason: string): Transition {
  return move(ref, ["running", ...NOT_RUNNING], "skipped", { reason });
}

/** What people do again or decide themselves acts on: an instance in any state. */
export interface TouchedInstance extends TryRef {
  readonly state: TaskState;
  /** Whether its current try has started. */
  readonly began: boolean;
  /** Whether a token for its current try was put into the queue, where it may still lie. */
  readonly wasQueued: boolean;
}

/**
 * A person wants it done again: it waits for its turn anew, and what it came to is history. What runs cannot be cleared: two tries of it
 * would go on at once. A try that never started is not used up, unless its token lies in the queue.
 */
export function clear({ state, began, wasQueued, ...ref }: TouchedInstance): Transition {
  // A try that left its item out is remembered as what it was: skipped. Only an instance is removed.
  const ended = state === "removed" ? "skipped" : state;
  const history = isFinal(ended) && began ? ended : null;
  const isUsed = history !== null || wasQueued || !isFinal(state);
  return move(ref, state === "running" ? [] : [state], "none", {
    nextTry: ref.tryNumber + (isUsed ? 1 : 0),
    history,
  });
}

/** The states that a person may declare. */
export const MARKS = ["success", "failed", "skipped"] as const;
export type Mark = (typeof MARKS)[number];

/** A person decides how it ended, whatever it is at. A worker that still runs it hears so, and its result is refused. */
export function mark(ref: TryRef, to: Mark, reason: string): Transition {
  return move(
    ref,
    TASK_STATES.filter((from) => from !== to),
    to,
    { reason },
  );
}
