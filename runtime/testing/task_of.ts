/** Finds a task of a DAG, so that a test can run it alone. */
import { type Dag, graphOf } from "../../sdk/dag/dag.ts";
import { DagsmithError } from "../../sdk/errors.ts";
import type { TaskRef } from "../../sdk/task/task_ref.ts";

/**
 * The task of a DAG with this id.
 * @typeParam Output the type of the task's output; it is not checked
 * @param taskId with the prefixes of the groups around it: `extract.load`
 * @throws DagsmithError UNKNOWN_TASK
 * @example
 * const { output } = await runTask(taskOf<number>(report, "count"), {
 *   connections: { lake: url },
 * });
 */
export function taskOf<Output = unknown>(dag: Dag<unknown>, taskId: string): TaskRef<Output> {
  const graph = graphOf(dag);
  const ref = graph.find(taskId);
  if (ref) return ref as TaskRef<Output>;
  const tasks = graph.tasks.map((task) => task.taskId).join(", ");
  throw new DagsmithError("UNKNOWN_TASK", { task: taskId, dag: dag.dagId, tasks });
}
