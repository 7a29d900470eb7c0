/**
 * Setups and teardowns that go with work: to run the work again, its setups must run
 * again, too.
 */
import type { Plan } from "./plan.ts";
import { type KindGraph, tasksNeeding } from "./setups.ts";

/**
 * These tasks, with the setups that they need and the teardowns of those setups
 * (Airflow's rule for clearing). In the order of the plan.
 */
export function withSetups(plan: Plan, taskIds: readonly string[]): readonly string[] {
  const graph = kindGraphOf(plan);
  const chosen = new Set(taskIds);
  for (const setup of graph.ids.filter((taskId) => graph.kindOf(taskId) === "setup")) {
    const needing = tasksNeeding(graph, setup);
    if (!taskIds.some((taskId) => needing.has(taskId))) continue;
    const teardowns = graph.after(setup).filter((after) => graph.kindOf(after) === "teardown");
    for (const taskId of [setup, ...teardowns]) chosen.add(taskId);
  }
  return graph.ids.filter((taskId) => chosen.has(taskId));
}

function kindGraphOf({ tasks }: Plan): KindGraph {
  return {
    ids: [...tasks.keys()],
    kindOf: (taskId) => tasks.get(taskId)?.spec.kind?.type,
    before: (taskId) => tasks.get(taskId)?.spec.upstream ?? [],
    after: (taskId) => tasks.get(taskId)?.downstream ?? [],
  };
}
