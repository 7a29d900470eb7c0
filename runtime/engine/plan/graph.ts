/** The graph of a plan: what is after a task, around it, and in it. Pure. */
import type { Plan } from "./plan.ts";

type Tasks = Pick<Plan, "tasks">;

/** All tasks after these, at any distance; not these themselves. */
export function allAfter({ tasks }: Tasks, taskIds: readonly string[]): ReadonlySet<string> {
  return reach(taskIds, (taskId) => tasks.get(taskId)?.downstream ?? []);
}

/** All ids that `next` leads to from these, at any distance. */
export function reach(
  taskIds: readonly string[],
  next: (taskId: string) => readonly string[],
): ReadonlySet<string> {
  const found = new Set(taskIds.flatMap(next));
  // Ids that are added on the way are visited, too.
  for (const taskId of found) for (const after of next(taskId)) found.add(after);
  return found;
}

/** All tasks in a group, at any depth; none for another task. */
export function allWithin({ tasks }: Tasks, taskId: string): readonly string[] {
  const members = tasks.get(taskId)?.members ?? [];
  return members.flatMap((member) => [member, ...allWithin({ tasks }, member)]);
}

/** The groups around a task, the innermost first. */
export function groupsAround({ tasks }: Tasks, taskId: string): readonly string[] {
  const around: string[] = [];
  let group = tasks.get(taskId)?.spec.parentGroup;
  while (group !== undefined) {
    around.push(group);
    group = tasks.get(group)?.spec.parentGroup;
  }
  return around;
}
