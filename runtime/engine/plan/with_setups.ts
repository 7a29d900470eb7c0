/**
 * Setups and teardowns that go with work: to run the work again, its setups must run
 * again, too.
 */
import { allAfter } from "./graph.ts";
import type { Plan } from "./plan.ts";

/**
 * These tasks, with the setups before them and the teardowns of those setups (Airflow's rule for
 * clearing). A setup counts when its teardown comes after the task, or when it has none. In the
 * order of the plan.
 */
export function withSetups(plan: Plan, taskIds: readonly string[]): readonly string[] {
  const chosen = new Set(taskIds);
  const kindOf = (taskId: string): string | undefined => plan.tasks.get(taskId)?.spec.kind?.type;
  const setups = [...plan.tasks.keys()].filter((taskId) => kindOf(taskId) === "setup");
  for (const setup of setups) {
    const teardowns = (plan.tasks.get(setup)?.downstream ?? []).filter(
      (after) => kindOf(after) === "teardown",
    );
    const work = allAfter(plan, [setup]);
    const isNeeded = taskIds.some(
      (taskId) => work.has(taskId) && (teardowns.length === 0 || hasAfter(plan, taskId, teardowns)),
    );
    if (isNeeded) for (const taskId of [setup, ...teardowns]) chosen.add(taskId);
  }
  return [...plan.tasks.keys()].filter((taskId) => chosen.has(taskId));
}

function hasAfter(plan: Plan, taskId: string, wanted: readonly string[]): boolean {
  const after = allAfter(plan, [taskId]);
  return wanted.some((one) => after.has(one));
}
