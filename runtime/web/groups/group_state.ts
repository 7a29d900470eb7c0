/**
 * The state that a group of tasks shows: the worst state of its tasks, in Airflow's
 * order.
 */

import type { ShownState } from "../../words/shown_state.ts";
import type { TreeItem } from "./group_tree.ts";

/** First the states that need attention, then unfinished states, then finished ones. */
const WORST_FIRST: readonly ShownState[] = [
  "failed",
  "upstream_failed",
  "up_for_retry",
  "up_for_reschedule",
  "queued",
  "scheduled",
  "deferred",
  "running",
  "none",
  "success",
  "skipped",
  "removed",
];

/** `none` when there are no tasks. */
export function gatheredState(states: Iterable<ShownState>): ShownState {
  const found = new Set(states);
  return WORST_FIRST.find((state) => found.has(state)) ?? "none";
}

/**
 * The state of a task or a group. A group with a group instance has that instance's
 * state; other groups get a state from their tasks.
 */
export function itemState(item: TreeItem, stateOf: (taskId: string) => ShownState): ShownState {
  return item.type === "task" || item.isTask
    ? stateOf(item.id)
    : gatheredState(item.taskIds.map(stateOf));
}
