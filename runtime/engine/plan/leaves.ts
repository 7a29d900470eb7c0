/**
 * Leaves: the tasks that decide the result of a run. Teardowns and failFast change which
 * they are.
 */
import type { DagSpec, TaskSpec } from "../../../sdk/spec/index.ts";

type Downstream = ReadonlyMap<string, readonly string[]>;

/**
 * Ids of the tasks whose failure fails the run, or the group around them: those with no
 * task after them that matters. A teardown matters only when it sets `failsRun`, or when
 * there is nothing but teardowns. In a DAG that fails fast every task is a leaf, because
 * its first failure ends the run.
 */
export function leavesOf(spec: DagSpec, downstream: Downstream): ReadonlySet<string> {
  const byId = new Map(spec.tasks.map((task) => [task.taskId, task]));
  const isLast = ({ taskId }: TaskSpec): boolean =>
    !(downstream.get(taskId) ?? []).some((after) => matters(byId.get(after)));
  // Each group has leaves of its own.
  const siblings = [...Map.groupBy(spec.tasks, ({ parentGroup }) => parentGroup).values()];
  return idsOf(
    siblings.flatMap((tasks) => {
      const leaves = tasks.filter((task) => matters(task) && (spec.failFast || isLast(task)));
      return leaves.length > 0 ? leaves : tasks.filter(({ taskId }) => !downstream.has(taskId));
    }),
  );
}

function matters(task: TaskSpec | undefined): boolean {
  return task?.kind?.type !== "teardown" || task.kind.failsRun;
}

function idsOf(tasks: readonly TaskSpec[]): ReadonlySet<string> {
  return new Set(tasks.map(({ taskId }) => taskId));
}

/** Whether the end of a task counts as a failure; a task may be allowed to fail. */
export function countsAsFailure(
  { allowFailure }: TaskSpec,
  ends: { readonly failed: number; readonly upstreamFailed: number },
): boolean {
  return ends.upstreamFailed > 0 || (ends.failed > 0 && !allowFailure);
}
