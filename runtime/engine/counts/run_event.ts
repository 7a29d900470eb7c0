/** What happens in a run and counts: the engine propagates it to the tasks after it. */
import type { Json } from "../../../sdk/json.ts";
import type { FinalState } from "../../state/task_state.ts";
import type { Counts } from "./counts.ts";
import type { InstanceKey, Scope } from "./scope.ts";

/** An instance that reached a final state. */
export interface FinishedInstance extends InstanceKey {
  readonly kind: "instance";
  readonly state: FinalState;
  /** The end is counted no longer: the instance has left this state. */
  readonly takenBack?: true;
  /**
   * Set when the instance was `scheduled`: it frees no slot of its task's `maxActive`.
   */
  readonly left?: "scheduled";
  /**
   * Of a loop's iteration: the item of the iteration that follows. Absent when none
   * follows.
   */
  readonly next?: Json;
}

/**
 * A mapped task or a loop whose instances have all ended. Only then is it known how many
 * items were filtered out, and that no further iteration follows. Propagated one step
 * after the last instance.
 */
export interface FinishedTask extends Scope {
  readonly kind: "task";
  readonly ends: Counts;
}

/**
 * The tasks after a mapped task count its items from now on, and not one instance any
 * more.
 */
interface ListLength extends Scope {
  readonly kind: "length";
  /** By how many instances the count of the tasks after it changes. */
  readonly by: number;
}

export type RunEvent = FinishedInstance | FinishedTask | ListLength;

export function finished(
  { runId, taskId, mapIndex }: InstanceKey,
  state: FinalState,
): FinishedInstance {
  return { kind: "instance", runId, taskId, mapIndex, state };
}
