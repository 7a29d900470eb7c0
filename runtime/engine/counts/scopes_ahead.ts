/**
 * The counters that later steps of a transaction will need, so that one statement loads
 * them together: a task without a try ends in the transaction that decides on it, and the
 * end of a group instance follows the end of its last task. Pure.
 */
import { isGroup, type PlannedTask } from "../plan/plan.ts";
import { changesBy } from "./count.ts";
import { finished } from "./run_event.ts";
import { type Scope, scopeKey } from "./scope.ts";
import { isSum } from "./task_counter.ts";

/** @returns these scopes, and those that ends of their tasks would change in turn */
export function withScopesAhead(
  scopes: readonly Scope[],
  taskOf: (scope: Scope) => PlannedTask,
): readonly Scope[] {
  const found = new Map<string, Scope>();
  const queue = [...scopes];
  for (const scope of queue) {
    const key = scopeKey(scope);
    if (found.has(key)) continue;
    found.set(key, scope);
    const task = taskOf(scope);
    // The list iterated grows until nothing new is found.
    if (mayEndAtOnce(task) && !isSum(task, scope))
      queue.push(...changesBy(task, finished(scope, "success")));
  }
  return [...found.values()];
}

/** An empty task, a group whose tasks have ended, or a list that becomes known. */
function mayEndAtOnce({ spec }: PlannedTask): boolean {
  return spec.operator === "empty" || isGroup(spec) || spec.each !== null;
}
