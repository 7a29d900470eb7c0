/** One task of a DAG with what it needs. Pure. */
import { DagsmithError } from "../../sdk/errors.ts";
import type { DagSpec } from "../../sdk/spec/index.ts";

/** The DAG reduced to one task and everything upstream of it. */
export function restrict(spec: DagSpec, only: string | undefined): DagSpec {
  if (only === undefined) return spec;
  const byId = new Map(spec.tasks.map((task) => [task.taskId, task]));
  if (!byId.has(only))
    throw new DagsmithError("UNKNOWN_TASK", {
      task: only,
      dag: spec.dagId,
      tasks: [...byId.keys()].join(", "),
    });
  const around = new Set<string>();
  for (
    let group = byId.get(only)?.parentGroup;
    group !== undefined;
    group = byId.get(group)?.parentGroup
  )
    around.add(group);
  const needed = new Set([only]);
  for (const taskId of needed) {
    const { upstream = [], parentGroup, inputs = {} } = byId.get(taskId) ?? {};
    for (const before of [
      ...upstream,
      ...Object.values(inputs),
      ...(parentGroup === undefined ? [] : [parentGroup]),
    ])
      needed.add(before);
    // A group is kept whole, except the groups around the task itself.
    if (!around.has(taskId))
      for (const task of spec.tasks) if (task.parentGroup === taskId) needed.add(task.taskId);
  }
  return { ...spec, tasks: spec.tasks.filter(({ taskId }) => needed.has(taskId)) };
}
