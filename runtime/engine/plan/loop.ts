/** What the iterations of a loop amount to. The tasks after a loop see one task, which ends when its last iteration has. */
import type { TaskSpec } from "../../../sdk/spec/index.ts";
import type { FinalState } from "../../state/task_state.ts";
import { totalOf } from "../counts/counts.ts";
import type { Counts } from "../store.ts";
import { isLoop, type Plan } from "./plan.ts";

/** How a loop ended; undefined while an iteration has not. */
export function loopState(own: Counts, iterations: number): FinalState | undefined {
  if (totalOf(own) < iterations) return undefined;
  if (own.failed + own.upstreamFailed > 0) return "failed";
  return own.skipped > 0 ? "skipped" : "success";
}

/** The group, a loop, whose next iteration begins with what this task returns; undefined when there is none. */
export function loopDecidedBy(
  plan: Plan,
  taskId: string,
): { readonly group: string; readonly maxIterations: number } | undefined {
  const group = plan.tasks.get(taskId)?.mappedIn ?? null;
  const each = group === null ? null : plan.tasks.get(group)?.spec.each;
  return group !== null && each && "loop" in each && each.loop.result === taskId
    ? { group, maxIterations: each.loop.maxIterations }
    : undefined;
}

/** Whether an end is that of one iteration, which nobody but its loop sees. */
export function isIteration(spec: TaskSpec, end: { readonly mapIndex: number }): boolean {
  return end.mapIndex >= 0 && isLoop(spec);
}
