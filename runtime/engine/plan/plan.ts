/**
 * The plan of a DAG version: its spec, with what the engine asks of it again and again.
 * plan_of.ts makes it.
 */
import type { Json } from "../../../sdk/json.ts";
import type { DagSpec, TaskSpec } from "../../../sdk/spec/index.ts";
import type { PlannedRoute } from "../limits/limits.ts";

export interface PlannedTask {
  readonly spec: TaskSpec;
  /** Ids directly after this task. */
  readonly downstream: readonly string[];
  /**
   * Ids of the setups that this task needs and that are not directly before it. Of a
   * teardown: of the setups that it undoes.
   */
  readonly setups: readonly string[];
  /** Of a teardown: ids of the tasks in its scope that are not directly before it. */
  readonly inScope: readonly string[];
  /** Ids of the tasks that count this one in their `setups`. */
  readonly setupOf: readonly string[];
  /** Ids of the teardowns that count this task in their `inScope`. */
  readonly inScopeOf: readonly string[];
  /**
   * Whether the result of the run, or of the group around the task, depends on its state.
   */
  readonly isLeaf: boolean;
  /**
   * Whether the store has a counter of the task: it waits for others or for the run
   * before, has many instances, or is a group or in one.
   */
  readonly isCounted: boolean;
  /** Of a group: ids of the tasks directly in it. */
  readonly members: readonly string[];
  /** The task and all tasks in it, at any depth: so many tasks are done when it ends. */
  readonly size: number;
  /** The mapped group around the task, at any depth; null outside mapped groups. */
  readonly mappedGroup: string | null;
  /** Ids of the tasks before this one whose decision may skip it. */
  readonly branchTasks: readonly string[];
  /** Its queue, weight and limits. */
  readonly route: PlannedRoute;
}

export interface Plan {
  readonly dagId: string;
  readonly maxActiveRuns: number;
  readonly spec: DagSpec;
  readonly tasks: ReadonlyMap<string, PlannedTask>;
  /** Whether a task of it waits for the run before. */
  readonly hasDependsOnPast: boolean;
  /** Whether something follows the end of a run: the DAG has callbacks or deadlines. */
  readonly isWatched: boolean;
}

/**
 * The task of a plan.
 * @throws Error when a row names a task that its version does not have, which no
 * deployment causes
 */
export function plannedTask(plan: Plan, taskId: string): PlannedTask {
  const task = plan.tasks.get(taskId);
  if (!task)
    throw new Error(`DAG "${plan.dagId}" has no task "${taskId}" in the version of this run`);
  return task;
}

/**
 * Whether a task is a group instance: no worker runs it, and it ends with the tasks in
 * it.
 */
export function isGroup({ kind }: Pick<TaskSpec, "kind">): boolean {
  return kind?.type === "group";
}

/**
 * Whether a task is a loop: its instances are iterations, and the tasks after it see one
 * task.
 */
export function isLoop({ each }: Pick<TaskSpec, "each">): boolean {
  return each !== null && "loop" in each;
}

/**
 * Whether a task may have several instances in a run; its output is then the list of
 * theirs.
 */
export function isMapped({
  spec,
  mappedGroup,
}: Pick<PlannedTask, "spec" | "mappedGroup">): boolean {
  return spec.each !== null || mappedGroup !== null;
}

/** The mapped groups around the tasks of a plan. */
export interface MappedGroups {
  readonly tasks: ReadonlyMap<string, Pick<PlannedTask, "mappedGroup">>;
}

/**
 * Whether two tasks are in one mapped group: an instance then sees the other at its map
 * index.
 */
export function shareMapIndex({ tasks }: MappedGroups, taskId: string, other: string): boolean {
  const group = tasks.get(taskId)?.mappedGroup ?? null;
  return group !== null && tasks.get(other)?.mappedGroup === group;
}

/**
 * The input of a task when the task before it left none: null from an empty task, else
 * undefined.
 */
export function missingInput(plan: Plan, taskId: string): null | undefined {
  return plan.tasks.get(taskId)?.spec.operator === "empty" ? null : undefined;
}

/** Inputs that are read before a task starts: name to task id. */
export function eagerInputs({ inputs, lazyInputs = [] }: TaskSpec): TaskSpec["inputs"] {
  return lazyInputs.length === 0
    ? inputs
    : Object.fromEntries(Object.entries(inputs).filter(([name]) => !lazyInputs.includes(name)));
}

/**
 * The field of an output; the whole output without a field. Undefined when it has no such
 * field.
 */
export function fieldOf(output: Json | undefined, field: string | undefined): Json | undefined {
  if (field === undefined) return output;
  if (typeof output !== "object" || output === null || Array.isArray(output)) return undefined;
  return Object.hasOwn(output, field)
    ? (output as Readonly<Record<string, Json>>)[field]
    : undefined;
}
