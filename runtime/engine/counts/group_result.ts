/** How groups and loops end: the result of the counts of what is inside them. Pure. */
import type { FinalState } from "../../state/task_state.ts";
import { countsAsFailure } from "../plan/leaves.ts";
import type { PlannedTask } from "../plan/plan.ts";
import { type Counts, totalOf } from "./counts.ts";

/**
 * The state that an ended task adds to the counts of its group. A task that does not
 * decide the result of the group counts as removed.
 */
export function memberResult({ isLeaf, spec }: PlannedTask, ends: Counts): keyof Counts {
  if (!isLeaf) return "removed";
  if (countsAsFailure(spec, ends)) return "failed";
  if (ends.success + ends.failed > 0) return "success";
  return ends.skipped > 0 ? "skipped" : "removed";
}

/**
 * How a group ended; undefined while a task in it has not ended.
 * @param own counts of its tasks
 */
export function groupState(own: Counts, members: number): FinalState | undefined {
  if (totalOf(own) < members) return undefined;
  if (own.failed > 0) return "failed";
  if (own.success > 0) return "success";
  return own.skipped > 0 ? "skipped" : "removed";
}

/** How a loop ended all of whose iterations have ended. */
export function loopState({ failed, upstreamFailed, skipped }: Counts): FinalState {
  if (failed + upstreamFailed > 0) return "failed";
  return skipped > 0 ? "skipped" : "success";
}
