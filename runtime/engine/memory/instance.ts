/** A task instance in memory, and what a transition makes of it: the same as the statement in task_instance.ts. Pure. */
import { isFinal, type StoredError, type TaskState } from "../../state/task_state.ts";
import type { Transition } from "../../state/transition.ts";
import type { ClaimedInstance } from "../store.ts";

/** A task instance as it is, with what its last move said. */
export interface MemoryInstance extends ClaimedInstance {
  readonly workerId: string | null;
  readonly reason: string | null;
  readonly error: StoredError | null;
  /** What people call it, beside its map index. */
  readonly label: string | null;
  /** Whether a token for its try was put into the queue. */
  readonly wasQueued: boolean;
}

/** The guard of a transition. */
export function allows(instance: MemoryInstance, { from, tryNumber, heldBy }: Transition): boolean {
  return (
    instance.tryNumber === tryNumber &&
    from.includes(instance.state) &&
    (heldBy === null || instance.workerId === heldBy)
  );
}

/** The instance that a transition moved. */
export function afterMove(instance: MemoryInstance, transition: Transition): MemoryInstance {
  return {
    ...instance,
    state: transition.to,
    tryNumber: transition.nextTry,
    lostTries:
      transition.to === "none" ? 0 : instance.lostTries + (transition.history === "lost" ? 1 : 0),
    clearedTries:
      transition.to === "none" ? Math.max(transition.nextTry - 1, 0) : instance.clearedTries,
    workerId: isWaiting(transition.to) ? null : (transition.workerId ?? instance.workerId),
    reason: transition.reason,
    error: transition.error,
    pokes:
      transition.nextTry !== instance.tryNumber
        ? 0
        : instance.pokes + (transition.to === "up_for_reschedule" ? 1 : 0),
    began: transition.to === "running" || (transition.to !== "none" && instance.began),
  };
}

function isWaiting(state: TaskState): boolean {
  return !isFinal(state) && state !== "running";
}
