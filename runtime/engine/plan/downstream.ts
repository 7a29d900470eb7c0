/** The tasks before and after a task, through the groups around it. */
import { allWithin, groupsAround } from "./graph.ts";
import type { Plan } from "./plan.ts";

/** All tasks downstream of a task, direct or not. */
export function downstreamOf(plan: Plan, taskId: string): ReadonlySet<string> {
  const found = new Set<string>();
  spread(found, taskId, (id) => besides(plan, id, (one) => plan.tasks.get(one)?.downstream ?? []));
  return found;
}

/**
 * The tasks directly downstream of a task and of the groups around it; for a group, all
 * its tasks.
 */
export function besides(
  plan: Plan,
  id: string,
  next: (id: string) => readonly string[],
): readonly string[] {
  const direct = [id, ...groupsAround(plan, id)].flatMap(next);
  return direct.flatMap((one) => [one, ...allWithin(plan, one)]);
}

/** Adds everything that is found step by step from here. */
export function spread(
  found: Set<string>,
  from: string,
  next: (id: string) => readonly string[],
): void {
  const queue = [from];
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    const fresh = next(at).filter((id) => !found.has(id));
    for (const id of fresh) found.add(id);
    queue.push(...fresh);
  }
}
