/**
 * Loops of groups: the task whose output decides whether another iteration follows. Pure.
 */
import type { Plan } from "./plan.ts";

/**
 * The loop that a task decides: its output is the item of the next iteration. Undefined
 * for a task that decides no loop.
 */
export function loopDecidedBy(
  plan: Plan,
  taskId: string,
): { readonly group: string; readonly maxIterations: number } | undefined {
  const group = plan.tasks.get(taskId)?.mappedGroup ?? null;
  const each = group === null ? null : plan.tasks.get(group)?.spec.each;
  return group !== null && each && "loop" in each && each.loop.result === taskId
    ? { group, maxIterations: each.loop.maxIterations }
    : undefined;
}
