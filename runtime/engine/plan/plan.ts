/** A DagSpec made ready for walking: what comes after a task, and which tasks decide the run's result. Made once per version. */
import type { Json } from "../../../sdk/json.ts";
import type { DagSpec, TaskSpec } from "../../../sdk/spec/index.ts";
import { effectiveWeights } from "../../state/priority.ts";
import { type PlannedRoute, planRoute } from "../limits/limits.ts";
import { decidersOf } from "./branch_tasks.ts";
import { leavesOf } from "./leaves.ts";

export interface PlannedTask {
  readonly spec: TaskSpec;
  /** Ids directly after this task. */
  readonly downstream: readonly string[];
  /** Its state counts for the run's result: nothing that matters comes after it, or its failure ends the run. */
  readonly isLeaf: boolean;
  /** Its progress is counted in a row of its own: it waits for others, or for its past, or has many instances, or is part of a group as one. */
  readonly isCounted: boolean;
  /** The tasks that take part in it, when it is a group that runs as one. */
  readonly members: readonly string[];
  /** The task and all that takes part in it, at any depth: so many tasks are done with when it ends. */
  readonly size: number;
  /** The mapped group that it takes part in, at whatever depth: it has one instance for each element, each at a place of its own. */
  readonly mappedIn: string | null;
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
  readonly hasDependsOnPast: boolean;
  /** Whether the end of a run is to be looked at again: it has callbacks or deadlines. */
  readonly isWatched: boolean;
}

export function planOf(spec: DagSpec): Plan {
  const downstream = downstreamOf(spec);
  const leaves = leavesOf(spec, downstream);
  const deciders = decidersOf(spec, downstream);
  const members = membersOf(spec);
  const weights = weightsOf(spec, members);
  const mapped = mappedInOf(spec, members);
  const tasks = spec.tasks.map((task): [string, PlannedTask] => {
    const { taskId, upstream, each, within, dependsOnPast = false } = task;
    return [
      taskId,
      {
        spec: task,
        downstream: downstream.get(taskId) ?? [],
        isLeaf: leaves.has(taskId),
        isCounted:
          upstream.length > 0 ||
          each !== null ||
          dependsOnPast ||
          within !== undefined ||
          isGroup(task),
        members: members(taskId),
        size: 1 + allOf(taskId, members).length,
        mappedIn: mapped.get(taskId) ?? null,
        deciders: deciders.get(taskId) ?? [],
        route: planRoute(spec, task, weights.get(taskId) ?? 1),
      },
    ];
  });
  const hasDependsOnPast = spec.tasks.some(({ dependsOnPast }) => dependsOnPast === true);
  const isWatched = Boolean(spec.callbacks ?? spec.deadlines);
  return {
    dagId: spec.dagId,
    maxActiveRuns: spec.maxActiveRuns,
    spec,
    tasks: new Map(tasks),
    hasDependsOnPast,
    isWatched,
  };
}

/** Ids directly after each task that has any. */
function downstreamOf({ tasks }: DagSpec): ReadonlyMap<string, readonly string[]> {
  const edges = tasks.flatMap(({ taskId, upstream }) =>
    upstream.map((before) => ({ before, taskId })),
  );
  const after = Map.groupBy(edges, ({ before }) => before);
  return new Map([...after].map(([before, group]) => [before, group.map(({ taskId }) => taskId)]));
}

/** What a task's input is when the task before it left nothing: undefined, but for one that is there only to hold a place. */
export function missingInput(plan: Plan, taskId: string): null | undefined {
  return plan.tasks.get(taskId)?.spec.operator === "empty" ? null : undefined;
}

/** Ids of the tasks directly within a group that runs as one; nothing for a task that is none. */
type Members = (taskId: string) => readonly string[];

function membersOf({ tasks }: DagSpec): Members {
  const byGroup = Map.groupBy(tasks, ({ within }) => within);
  return (group) => (byGroup.get(group) ?? []).map(({ taskId }) => taskId);
}

function allOf(taskId: string, members: Members): readonly string[] {
  return members(taskId).flatMap((member) => [member, ...allOf(member, members)]);
}

/** For each task within a mapped group, at any depth, the id of that group. */
function mappedInOf({ tasks }: DagSpec, members: Members): ReadonlyMap<string, string> {
  const mapped = new Map<string, string>();
  for (const task of tasks) {
    const group =
      mapped.get(task.taskId) ?? (isGroup(task) && task.each !== null ? task.taskId : undefined);
    // A group stands before its tasks.
    if (group !== undefined) for (const member of members(task.taskId)) mapped.set(member, group);
  }
  return mapped;
}

/** Whether a task is a group that runs as one: it never goes to a worker, and is what its tasks come to. */
export function isGroup({ kind }: Pick<TaskSpec, "kind">): boolean {
  return kind?.type === "group";
}

/** Whether a task's output is the list of what its instances left. */
export function isMany({ spec, mappedIn }: Pick<PlannedTask, "spec" | "mappedIn">): boolean {
  return spec.each !== null || mappedIn !== null;
}

/** Ids of the tasks that may have many instances in a run. */
export function manyOf(spec: DagSpec): ReadonlySet<string> {
  const mapped = mappedInOf(spec, membersOf(spec));
  return new Set(
    spec.tasks.flatMap(({ taskId, each }) => (each !== null || mapped.has(taskId) ? [taskId] : [])),
  );
}

/** Whether two tasks have their instances at the same elements of one mapped group: then one takes from the other at its own. */
export function isBeside({ tasks }: Pick<Plan, "tasks">, taskId: string, other: string): boolean {
  const group = tasks.get(taskId)?.mappedIn ?? null;
  return group !== null && tasks.get(other)?.mappedIn === group;
}

/** All that takes part in a group, at any depth; nothing for a task that is none. */
export function allWithin({ tasks }: Pick<Plan, "tasks">, taskId: string): readonly string[] {
  return allOf(taskId, (group) => tasks.get(group)?.members ?? []);
}

/** The groups that a task takes part in, the innermost first. */
export function groupsAround({ tasks }: Pick<Plan, "tasks">, taskId: string): readonly string[] {
  const around: string[] = [];
  for (
    let group = tasks.get(taskId)?.spec.within;
    group !== undefined;
    group = tasks.get(group)?.spec.within
  )
    around.push(group);
  return around;
}

/** Whether a task is a loop: its instances are iterations, and the tasks after it see one. */
export function isLoop({ each }: Pick<TaskSpec, "each">): boolean {
  return each !== null && "loop" in each;
}

/** Inputs that are handed to a task when it starts: name to task id. */
export function eagerInputs({ inputs, lazyInputs = [] }: TaskSpec): TaskSpec["inputs"] {
  return lazyInputs.length === 0
    ? inputs
    : Object.fromEntries(Object.entries(inputs).filter(([name]) => !lazyInputs.includes(name)));
}

/** The field of an output; the whole of it when none is named. Undefined where there is none. */
export function fieldOf(output: Json | undefined, field: string | undefined): Json | undefined {
  if (field === undefined) return output;
  if (typeof output !== "object" || output === null || Array.isArray(output)) return undefined;
  return Object.hasOwn(output, field)
    ? (output as Readonly<Record<string, Json>>)[field]
    : undefined;
}

/** What comes after a group comes after its tasks, and they come after it. */
function weightsOf(spec: DagSpec, members: Members): ReadonlyMap<string, number> {
  return effectiveWeights(
    spec.tasks.map(({ taskId, upstream, within, routing }) => ({
      taskId,
      upstream: [
        ...upstream.flatMap((before) => [before, ...allOf(before, members)]),
        ...(within === undefined ? [] : [within]),
      ],
      priorityWeight: routing?.priorityWeight ?? (members(taskId).length > 0 ? 0 : 1),
      weightRule: routing?.weightRule ?? "downstream",
    })),
  );
}

/**
 * The task of a plan.
 * @throws Error when a row names a task that its version does not have, which no deployment can cause
 */
export function plannedTask(plan: Plan, taskId: string): PlannedTask {
  const task = plan.tasks.get(taskId);
  if (!task)
    throw new Error(`DAG "${plan.dagId}" has no task "${taskId}" in the version of this run`);
  return task;
}
