/** The one state that a group of tasks shows: the worst of its tasks', in Airflow's order. */

import type { ShownState } from "../../words/shown_state.ts";
import type { TreeItem } from "./group_tree.ts";

/** Before the others what somebody should look at, then what is still to come, then what is done. */
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

/** The state of a task, or of a group: its own when it runs as one, otherwise what its tasks gather to. */
export function itemState(item: TreeItem, stateOf: (taskId: string) => ShownState): ShownState {
  return item.type === "task" || item.isTask
    ? stateOf(item.id)
    : gatheredState(item.taskIds.map(stateOf));
}
