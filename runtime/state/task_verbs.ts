/**
 * The verbs that move a task instance: every write of its state is one of them. Each verb
 * names the states that it may leave and those that it may enter. The store puts the
 * states to leave into the guard of its statement, so an instance that has moved on
 * meanwhile stays as it is.
 *
 * A verb of one try has a function in transition.ts. Verbs marked "many" move many
 * instances in one statement of the store.
 */
import { FINAL_STATES, MARKS, PENDING_STATES, TASK_STATES, type TaskState } from "./task_state.ts";

export interface Verb {
  /** Empty when the instance has no row yet. */
  readonly from: readonly TaskState[];
  readonly to: readonly TaskState[];
}

/** The states that a new instance may have. */
export const FIRST_STATES = [
  "scheduled",
  "queued",
  "running",
  "deferred",
  ...FINAL_STATES,
] as const satisfies readonly TaskState[];

export const TASK_VERBS = {
  /**
   * Many. The trigger rule is met, or says that the task never runs: the instance gets
   * its row.
   */
  create: { from: [], to: FIRST_STATES },
  /** Many. The same for an instance whose row is there, from before it was cleared. */
  recreate: { from: ["none", "removed"], to: FIRST_STATES },
  /**
   * Many. Fewer instances of the mapped task run than its `maxActive`: the next ones may
   * go.
   */
  release: { from: ["scheduled"], to: ["queued"] },
  /** Many. The instance got its slots under every limit. */
  grant: { from: ["scheduled", "queued", "up_for_retry"], to: ["queued"] },
  /**
   * Many. The next poke of a sensor is due; with limits the sensor requests its slots
   * again.
   */
  wake: { from: ["up_for_reschedule"], to: ["queued", "scheduled"] },
  /** Many. The next elements of a mapped group may begin. */
  beginGroup: { from: ["scheduled"], to: ["running"] },

  /** A worker takes the try. */
  start: { from: ["queued", "up_for_retry"], to: ["running"] },
  /** The body returned. */
  succeed: { from: ["running"], to: ["success"] },
  /** The body asked to be skipped. */
  skip: { from: ["running"], to: ["skipped"] },
  /** A filter refused the item. */
  filterOut: { from: ["running"], to: ["removed"] },
  /** The try failed and was the last one. */
  fail: { from: ["running"], to: ["failed"] },
  /** The try failed and another follows after a delay. */
  retry: { from: ["running"], to: ["up_for_retry"] },
  /** The next try of a group is due. */
  retryGroup: { from: ["up_for_retry"], to: ["running"] },
  /**
   * The time of a group is up, or a person stops it. It fails when its tasks have ended.
   */
  timeOutGroup: { from: ["running"], to: ["running"] },
  /** The poke of a sensor said no. */
  reschedule: { from: ["running"], to: ["up_for_reschedule"] },
  /** The body returned what to wait for. */
  deferUntil: { from: ["running"], to: ["deferred"] },
  /** The task said its keys and waits for slots under them. */
  yieldForSlots: { from: ["running"], to: ["scheduled"] },
  /** The worker died. The same work is queued again, as a new try. */
  rescue: { from: ["running"], to: ["queued", "scheduled"] },
  /** The worker died, as too many before it. */
  failLost: { from: ["running"], to: ["failed"] },
  /** The wait is over. */
  resume: { from: ["deferred"], to: ["success"] },
  /** The wait was not over in time, or cannot end any more. */
  timeOutWait: { from: ["deferred"], to: ["failed", "skipped"] },
  /**
   * The run that the task called failed, or could not be created; it was the last try.
   */
  failCall: { from: ["deferred"], to: ["failed"] },
  /** The same, and another try follows after a delay. */
  retryCall: { from: ["deferred"], to: ["up_for_retry"] },
  /** No worker took the try in time. */
  expire: { from: ["queued", "up_for_retry"], to: ["failed"] },
  /** No limit can ever grant the slots. */
  refuse: { from: PENDING_STATES, to: ["failed"] },

  /** A person stops a task that runs. */
  cancel: { from: ["running"], to: ["failed"] },
  /** A person, or a failure with `failFast`, stops a task before it runs. */
  skipPending: { from: PENDING_STATES, to: ["skipped"] },
  /**
   * A branch, a switch, a short circuit or a latest-only task decided that it is skipped.
   */
  skipByDecision: { from: [...PENDING_STATES, "upstream_failed"], to: ["skipped"] },
  /** The run took longer than its `dagRunTimeout`. */
  timeOut: { from: ["running", ...PENDING_STATES], to: ["skipped"] },
  /** A person wants it done again. */
  clear: {
    from: TASK_STATES.filter((state) => state !== "none" && state !== "running"),
    to: ["none"],
  },
  /** A person decides how it ended; never to the state that it has. */
  mark: { from: TASK_STATES, to: MARKS },
  /** Many. Cleared items of a mapped task whose other items stay as they are. */
  requeueItem: { from: ["none"], to: ["scheduled"] },
  /** Many. A cleared group of which some tasks stay as they are. */
  reopenGroup: { from: ["none"], to: ["running"] },
  /** Many. Cleared items that the new, shorter list does not have. */
  removeSurplus: { from: ["none"], to: ["removed"] },
} as const satisfies Readonly<Record<string, Verb>>;
export type TaskVerb = keyof typeof TASK_VERBS;

/** Whether a verb may move an instance in this state. */
export function mayLeave(verb: TaskVerb, state: TaskState): boolean {
  const { from }: Verb = TASK_VERBS[verb];
  return from.includes(state);
}
