/**
 * The states of a task instance. The verbs that move an instance from one state to
 * another are in task_verbs.ts. Pure: no clock, no database.
 */

/**
 * - `none`: was cleared; it runs again when its trigger rule is met. In: clear. Out:
 * recreate, requeueItem, removeSurplus, reopenGroup, mark.
 * - `scheduled`: may run, but waits for a slot under its limits. In: create, recreate,
 * requeueItem, wake, rescue, yieldForSlots. Out: release, grant, beginGroup, refuse,
 * skipPending, skipByDecision, timeOut, clear, mark.
 * - `queued`: a job for it lies in the queue. In: create, recreate, release, grant, wake,
 *   rescue. Out: start, grant, expire, refuse, skipPending, skipByDecision, timeOut,
 *   clear, mark.
 * - `running`: a worker runs it. A group is `running` while its tasks run. In: create,
 * recreate, start, beginGroup, reopenGroup, retryGroup, timeOutGroup. Out: succeed, skip,
 * filterOut, fail, retry, timeOutGroup, reschedule, deferUntil, yieldForSlots, rescue,
 * failLost, cancel, timeOut, mark.
 * - `up_for_retry`: failed, and another try follows. Its job lies in the queue for later,
 *   or it waits for a slot from then on; a group has a row in task_wait. In: retry,
 *   retryCall. Out: start, grant, retryGroup, expire, refuse, skipPending,
 *   skipByDecision, timeOut, clear, mark.
 * - `up_for_reschedule`: a sensor between two pokes. Its row in task_wait says when the
 *   next poke is due. In: reschedule. Out: wake, refuse, skipPending, skipByDecision,
 *   timeOut, clear, mark.
 * - `deferred`: waits for a time, a run or an event, which its row in task_wait names.
 *   In: create, recreate, deferUntil. Out: resume, timeOutWait, failCall, retryCall,
 *   refuse, skipPending, skipByDecision, timeOut, clear, mark.
 * - `success`: ended well. In: create, recreate, succeed, resume, mark. Out: clear, mark.
 * - `failed`: ended with an error, and no try follows. In: create, recreate, fail,
 * failLost, timeOutWait, failCall, expire, refuse, cancel, mark. Out: clear, mark.
 * - `skipped`: did not have to run. In: create, recreate, skip, timeOutWait, skipPending,
 *   skipByDecision, timeOut, mark. Out: clear, mark.
 * - `upstream_failed`: never ran, because a task before it failed. In: create, recreate.
 * Out: skipByDecision, clear, mark.
 * - `removed`: is not part of its mapped task any more. A filter refused the item, or the
 * list got shorter. In: create, recreate, filterOut, removeSurplus. Out: recreate, clear,
 * mark.
 *
 * A task that was not instantiated has no row, or a row in `none`: Airflow's state of
 * that name.
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

/**
 * States that an instance leaves only when a person clears or marks it, or its list
 * changes.
 */
export const FINAL_STATES = ["success", "failed", "skipped", "upstream_failed", "removed"] as const;
export type FinalState = (typeof FINAL_STATES)[number];

/**
 * States of an instance that is to run and does not run yet, or does not run at the
 * moment.
 */
export const PENDING_STATES = [
  "scheduled",
  "queued",
  "up_for_retry",
  "up_for_reschedule",
  "deferred",
] as const satisfies readonly TaskState[];

/** The states that a person may declare. */
export const MARKS = ["success", "failed", "skipped"] as const satisfies readonly FinalState[];
export type Mark = (typeof MARKS)[number];

/** Whether the engine is done with an instance in this state. */
export function isFinal(state: TaskState): state is FinalState {
  return (FINAL_STATES as readonly string[]).includes(state);
}

/** One try of one instance. */
export interface TryRef {
  readonly instanceId: number;
  readonly tryNumber: number;
}

/** Holds the tries of groups, as a worker holds those of tasks. No worker has this id. */
export const ENGINE = "engine";
