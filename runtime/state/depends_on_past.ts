/**
 * Whether a task's past lets it run (Airflow's depends_on_past and wait_for_downstream). Pure: which run was the one before, and what became
 * of it, is found by the store.
 */
import type { Catchup, TaskSpec } from "../../sdk/spec/index.ts";
import type { TaskState } from "./task_state.ts";

/** `none`: its turn has not come. */
export type PreviousState = TaskState | "none";

/** A task's past. */
export interface Past {
  /** The first run of a backfill waits for nothing. */
  readonly isExempt: boolean;
  /** The run before; null when this is the first. */
  readonly previous: {
    /** States of the task's instances there; empty when that run had no such task. */
    readonly own: readonly PreviousState[];
    /** States of the tasks directly after it there. */
    readonly downstream: readonly PreviousState[];
  } | null;
  /** Whether the task was part of any run before that one; asked when that one did not have it. */
  readonly hasOlder: boolean;
}

/** Whether a run counts as the one before: with `catchup: "all"` those that somebody asked for by hand do not. */
export function countsAsPrevious(runType: string, catchup: Catchup): boolean {
  return catchup !== "all" || runType !== "manual";
}

/** Whether the past lets the task run. A task that is new in this run waits for nothing. */
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
