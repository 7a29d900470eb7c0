/** States of runs and tasks in the words that people read. */
import type { RunState } from "../state/run_state.ts";
import type { TaskState } from "../state/task_state.ts";

/**
 * Any state that a page shows. `none`: the task was not instantiated; `lost`: a try whose
 * worker died; `planned`: a run that does not exist yet.
 */
export type ShownState = RunState | TaskState | "lost" | "none" | "planned";

/** Whether the state is final. */
export function isOver(state: ShownState): boolean {
  return (
    state === "success" ||
    state === "failed" ||
    state === "skipped" ||
    state === "upstream_failed" ||
    state === "removed"
  );
}

const WORDS: Readonly<Partial<Record<ShownState, string>>> = {
  up_for_retry: "up for retry",
  up_for_reschedule: "waiting",
  deferred: "waiting",
  upstream_failed: "upstream failed",
  none: "not yet",
};

/** A state in words; most states are their own word. */
export function stateText(state: ShownState): string {
  return WORDS[state] ?? state;
}
