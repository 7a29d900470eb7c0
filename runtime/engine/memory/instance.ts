/**
 * A task instance in memory, and how a transition changes it: as the statements of the
 * store do. Pure.
 */
import type { StoredError } from "../../state/stored_error.ts";
import { ENGINE, isFinal, type TaskState } from "../../state/task_state.ts";
import type { Transition } from "../../state/transition.ts";
import type { ClaimedInstance, NewInstance } from "../store.ts";

/** A task instance, with the reason and the error of its last transition. */
export interface MemoryInstance extends ClaimedInstance {
  readonly workerId: string | null;
  readonly reason: string | null;
  readonly error: StoredError | null;
  /** The name that people see instead of the map index. */
  readonly label: string | null;
  /** Whether a job for its try was put into the queue. */
  readonly wasQueued: boolean;
}

/** A new instance. @param cleared the same instance before it was created again */
export function created(
  { wait: _, itemOf: __, ...instance }: NewInstance,
  id: number,
  cleared: MemoryInstance | undefined,
): MemoryInstance {
  const isGroup = instance.state === "running";
  return {
    ...instance,
    id,
    tryNumber: cleared?.tryNumber ?? 1,
    lostTries: cleared?.lostTries ?? 0,
    clearedTries: cleared?.clearedTries ?? 0,
    generation: 0,
    workerId: isGroup ? ENGINE : null,
    label: null,
    pokes: 0,
    began: isGroup,
    elapsedMs: 0,
    wasQueued: instance.state === "queued",
  };
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
