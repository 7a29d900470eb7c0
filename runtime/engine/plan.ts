/** A DagSpec made ready for walking: what comes after a task, and which tasks decide the run's result. Made once per version. */
import type { DagSpec, TaskSpec } from "../../sdk/spec.ts";
import { effectiveWeights } from "../state/priority.ts";
import { type PlannedRoute, planRoute } from "./limits.ts";

export interface PlannedTask {
  readonly spec: TaskSpec;
  /** Ids directly after this task. */
  readonly downstream: readonly string[];
  /** Nothing comes after it: its state counts for the run's result. */
  readonly isLeaf: boolean;
  /** Its progress is counted in a row of its own: it waits for others, or has many instances. */
  readonly isCounted: boolean;
  /** Its queue, weight and limits. */
  readonly route: PlannedRoute;
}

export interface Plan {
  readonly dagId: string;
  readonly maxActiveRuns: number;
  readonly tasks: ReadonlyMap<string, PlannedTask>;
}

export function planOf(spec: DagSpec): Plan {
  const downstream = Map.groupBy(
    spec.tasks.flatMap(({ taskId, upstream }) => upstream.map((before) => ({ before, taskId }))),
    ({ before }) => before,
  );
  const weights = weightsOf(spec);
  const tasks = spec.tasks.map((task): [string, PlannedTask] => {
    const after = downstream.get(task.taskId)?.map(({ taskId }) => taskId) ?? [];
    return [
      task.taskId,
      {
        spec: task,
        downstream: after,
        isLeaf: after.length === 0,
        isCounted: task.upstream.length > 0 || task.each !== null,
        route: planRoute(spec, task, weights.get(task.taskId) ?? 1),
      },
    ];
  });
  return { dagId: spec.dagId, maxActiveRuns: spec.maxActiveRuns, tasks: new Map(tasks) };
}

/** Whether a task is a loop: its instances are iterations, and the tasks after it see one. */
export function isLoop({ each }: Pick<TaskSpec, "each">): boolean {
  return each !== null && "loop" in each;
}

/** Inputs that are handed to a task when it starts: name to task id. */
export function eagerInputs({ inputs, lazyInputs = [] }: TaskSpec): TaskSpec["inputs"] {
  return lazyInputs.length === 0 ? inputs : Object.fromEntries(Object.entries(inputs).filter(([name]) => !lazyInputs.includes(name)));
}

function weightsOf(spec: DagSpec): ReadonlyMap<string, number> {
  return effectiveWeights(
    spec.tasks.map(({ taskId, upstream, routing }) => ({
      ...{ taskId, upstream },
      ...{ priorityWeight: routing?.priorityWeight ?? 1, weightRule: routing?.weightRule ?? "downstream" },
    })),
  );
}

/**
 * The task of a plan.
 * @throws Error when a row names a task that its version does not have, which no deployment can cause
 */
export function plannedTask(plan: Plan, taskId: string): PlannedTask {
  const task = plan.tasks.get(taskId);
  if (!task) throw new Error(`DAG "${plan.dagId}" has no task "${taskId}" in the version of this run`);
  return task;
}
