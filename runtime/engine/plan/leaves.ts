/** Which tasks decide a run's result. Apart from the plan, because setups, teardowns and failing fast make it a rule of its own. */
import type { DagSpec, TaskSpec } from "../../../sdk/spec/index.ts";

type Downstream = ReadonlyMap<string, readonly string[]>;

/**
 * Ids of the tasks whose failure fails the run, or the group that they are within: those after which nothing matters. Teardowns do not matter unless they say so; among
 * nothing but such teardowns the last ones do. In a DAG that fails fast every task matters, for its first failure ends the run.
 */
export function leavesOf(spec: DagSpec, downstream: Downstream): ReadonlySet<string> {
  const byId = new Map(spec.tasks.map((task) => [task.taskId, task]));
  const isLast = ({ taskId }: TaskSpec): boolean =>
    !(downstream.get(taskId) ?? []).some((after) => matters(byId.get(after)));
  // What a group comes to is a matter of its own tasks.
  const sides = [...Map.groupBy(spec.tasks, ({ within }) => within).values()];
  return idsOf(
    sides.flatMap((tasks) => {
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

/** Whether its end as failed counts as one: a task may be allowed to fail. */
export function countsAsFailure(
  { allowFailure }: TaskSpec,
  ends: { readonly failed: number; readonly upstreamFailed: number },
): boolean {
  return ends.upstreamFailed > 0 || (ends.failed > 0 && !allowFailure);
}
