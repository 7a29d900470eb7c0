/** A DagSpec made ready for walking: what comes after a task, and which tasks decide the run's result. Made once per version. */
import type { Json } from "../../sdk/json.ts";
import type { DagSpec, TaskSpec } from "../../sdk/spec.ts";
import { effectiveWeights } from "../state/priority.ts";
import { decidersOf } from "./deciders.ts";
import { leavesOf } from "./leaves.ts";
import { type PlannedRoute, planRoute } from "./limits.ts";

export interface PlannedTask {
  readonly spec: TaskSpec;
  /** Ids directly after this task. */
  readonly downstream: readonly string[];
  /** Its state counts for the run's result: nothing that matters comes after it, or its failure ends the run. */
  readonly isLeaf: boolean;
  /** Its progress is counted in a row of its own: it waits for others, or for its past, or has many instances. */
  readonly isCounted: boolean;
  /** Ids of tasks before it that may decide that it is passed over. */
  readonly deciders: readonly string[];
  /** Its queue, weight and limits. */
  readonly route: PlannedRoute;
}

export interface Plan {
  readonly dagId: string;
  readonly maxActiveRuns: number;
  readonly spec: DagSpec;
  readonly tasks: ReadonlyMap<string, PlannedTask>;
  /** Some of its tasks wait for their past. */
  readonly hasPast: boolean;
  /** Whether the end of a run is to be looked at again: it has callbacks or deadlines. */
  readonly isWatched: boolean;
}

export function planOf(spec: DagSpec): Plan {
  const downstream = downstreamOf(spec);
  const leaves = leavesOf(spec, downstream);
  const deciders = decidersOf(spec, downstream);
  const weights = weightsOf(spec);
  const tasks = spec.tasks.map((task): [string, PlannedTask] => {
    const { taskId, upstream, each, dependsOnPast = false } = task;
    return [
      taskId,
      {
        spec: task,
        downstream: downstream.get(taskId) ?? [],
        isLeaf: leaves.has(taskId),
        isCounted: upstream.length > 0 || each !== null || dependsOnPast,
        deciders: deciders.get(taskId) ?? [],
        route: planRoute(spec, task, weights.get(taskId) ?? 1),
      },
    ];
  });
  const hasPast = spec.tasks.some(({ dependsOnPast }) => dependsOnPast === true);
  const isWatched = Boolean(spec.callbacks ?? spec.deadlines);
  return { dagId: spec.dagId, maxActiveRuns: spec.maxActiveRuns, spec, tasks: new Map(tasks), hasPast, isWatched };
}

/** Ids directly after each task that has any. */
function downstreamOf({ tasks }: DagSpec): ReadonlyMap<string, readonly string[]> {
  const edges = tasks.flatMap(({ taskId, upstream }) => upstream.map((before) => ({ before, taskId })));
  const after = Map.groupBy(edges, ({ before }) => before);
  return new Map([...after].map(([before, group]) => [before, group.map(({ taskId }) => taskId)]));
}

/** What a task's input is when the task before it left nothing: undefined, but for one that is there only to hold a place. */
export function missingInput(plan: Plan, taskId: string): null | undefined {
  return plan.tasks.get(taskId)?.spec.operator === "empty" ? null : undefined;
}

/** Whether a task is a loop: its instances are iterations, and the tasks after it see one. */
export function isLoop({ each }: Pick<TaskSpec, "each">): boolean {
  return each !== null && "loop" in each;
}

/** Inputs that are handed to a task when it starts: name to task id. */
export function eagerInputs({ inputs, lazyInputs = [] }: TaskSpec): TaskSpec["inputs"] {
  return lazyInputs.length === 0 ? inputs : Object.fromEntries(Object.entries(inputs).filter(([name]) => !lazyInputs.includes(name)));
}

/** The field of an output; the whole of it when none is named. Undefined where there is none. */
export function fieldOf(output: Json | undefined, field: string | undefined): Json | undefined {
  if (field === undefined) return output;
  if (typeof output !== "object" || output === null || Array.isArray(output)) return undefined;
  return Object.hasOwn(output, field) ? (output as Readonly<Record<string, Json>>)[field] : undefined;
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
