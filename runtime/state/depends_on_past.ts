/**
 * Whether the run before allows a task to run (Airflow's depends_on_past and
 * wait_for_downstream). Pure: the store finds the run before and its states.
 */
import type { Catchup, TaskSpec } from "../../sdk/spec/index.ts";
import type { TaskState } from "./task_state.ts";

/** `none`: the task was not instantiated. */
export type PreviousState = TaskState | "none";

/** A task in the run before. */
export interface Past {
  /** The first run of a backfill waits for nothing. */
  readonly isExempt: boolean;
  /** The run before; null when this is the first. */
  readonly previous: {
    /**
     * States of the task's instances in that run; empty when that run had no such task.
     */
    readonly own: readonly PreviousState[];
    /** States of the tasks directly after the task in that run. */
    readonly downstream: readonly PreviousState[];
  } | null;
  /**
   * Whether an even earlier run had the task; known when the run before does not have it.
   */
  readonly hasOlder: boolean;
}

/**
 * Whether a run counts as the run before: with `catchup: "all"` a manual run does not.
 */
export function countsAsPrevious(runType: string, catchup: Catchup): boolean {
  return catchup !== "all" || runType !== "manual";
}

/** Whether the task may run. A task that is new in this run waits for nothing. */
export function isDependsOnPastMet(
  { dependsOnPast, waitForDownstream }: Pick<TaskSpec, "dependsOnPast" | "waitForDownstream">,
  past: Past,
): boolean {
  if ((!dependsOnPast && !waitForDownstream) || past.isExempt || past.previous === null)
    return true;
  const { own, downstream } = past.previous;
  if (own.length === 0) return !past.hasOlder;
  return own.every(endedWell) && (!waitForDownstream || downstream.every(endedWell));
}

function endedWell(state: PreviousState): boolean {
  return state === "success" || state === "skipped";
}
