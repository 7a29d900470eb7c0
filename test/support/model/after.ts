/** What comes after a task of a shape. */
import type { DagShape } from "./dag_shape.ts";

/** Everything after a task, however far. */
export function allAfter(shape: DagShape, id: string): ReadonlySet<string> {
  const found = new Set([id]);
  // Tasks come after all that is before them, so one look at each is enough.
  for (const task of shape.tasks)
    if (task.upstream.some((before) => found.has(before))) found.add(task.id);
  found.delete(id);
  return found;
}
