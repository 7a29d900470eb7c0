/**
 * Tasks that decide which tasks after them run: branches, switches, short circuits, latest-only. The decision is the task's output, so it
 * lies in the store as long as the task is not cleared, and whoever asks again hears the same. Pure.
 */
import { DagsmithError } from "../../../sdk/errors.ts";
import type { Json } from "../../../sdk/json.ts";
import type { DagSpec, TaskKind, TaskSpec } from "../../../sdk/spec/index.ts";
import { groupsAround, type Plan, type PlannedTask } from "./plan.ts";

type Downstream = ReadonlyMap<string, readonly string[]>;

const DECIDING: ReadonlySet<TaskKind["type"]> = new Set([
  "branch",
  "switch",
  "short_circuit",
  "latest_only",
]);

/** Whether tasks after a task depend on what it returns. */
export function decides({ kind }: TaskSpec): boolean {
  return kind !== undefined && DECIDING.has(kind.type);
}

/** For each task the ids before it that may pass it over. */
export function decidersOf(
  { tasks }: DagSpec,
  downstream: Downstream,
): ReadonlyMap<string, readonly string[]> {
  const deciders = new Map<string, string[]>();
  for (const { taskId, kind } of tasks) {
    if (!kind || !DECIDING.has(kind.type)) continue;
    const next = (id: string): readonly string[] => downstream.get(id) ?? [];
    const concerned =
      kind.type === "short_circuit" && !kind.directOnly ? reach([taskId], next) : next(taskId);
    for (const after of concerned) deciders.set(after, [...(deciders.get(after) ?? []), taskId]);
  }
  return deciders;
}

/** Everything after these tasks, however far; not they themselves. */
export function allAfter(
  { tasks }: Pick<Plan, "tasks">,
  taskIds: readonly string[],
): ReadonlySet<string> {
  return reach(taskIds, (taskId) => tasks.get(taskId)?.downstream ?? []);
}

function reach(
  taskIds: readonly string[],
  next: (taskId: string) => readonly string[],
): ReadonlySet<string> {
  const found = new Set(taskIds.flatMap(next));
  for (const taskId of found) for (const after of next(taskId)) found.add(after);
  return found;
}

/**
 * The tasks that a decision passes over: they are skipped, whatever their rules.
 * @param output what the deciding task returned; undefined before it has ended as success
 */
export function skippedByBranch(
  plan: Plan,
  taskId: string,
  output: Json | undefined,
): readonly string[] {
  const task = plan.tasks.get(taskId);
  const kind = task?.spec.kind;
  if (!task || !kind || output === undefined) return [];
  switch (kind.type) {
    case "branch":
      return notFollowed(plan, task, output as readonly string[]);
    case "switch":
      return notFollowed(plan, task, kind.cases[String(output)] ?? []);
    case "short_circuit":
      return stops(output) ? stopped(plan, task, kind.directOnly) : [];
    case "latest_only":
      return output === false ? task.downstream : [];
    default:
      return [];
  }
}

/** A child that also comes after a chosen one is where the ways meet again: it goes on. */
function notFollowed(
  plan: Plan,
  { spec, downstream }: PlannedTask,
  chosen: readonly string[],
): readonly string[] {
  const beside = chosen.map((one) => besides(plan, spec, one));
  const after = allAfter(plan, beside);
  return downstream.filter((child) => !beside.includes(child) && !after.has(child));
}

/** What of a choice lies side by side with the task that chose: the task itself, or the group around it that runs as one. */
export function besides(plan: Plan, { within }: TaskSpec, chosen: string): string {
  return (
    [chosen, ...groupsAround(plan, chosen)].find(
      (one) => plan.tasks.get(one)?.spec.within === within,
    ) ?? chosen
  );
}

/** Only these two: 0 and "" are values. */
function stops(output: Json): boolean {
  return output === false || (Array.isArray(output) && output.length === 0);
}

/** A teardown still has something to undo. */
function stopped(
  plan: Plan,
  { spec, downstream }: PlannedTask,
  directOnly: boolean,
): readonly string[] {
  const concerned = directOnly ? downstream : [...allAfter(plan, [spec.taskId])];
  return concerned.filter((taskId) => plan.tasks.get(taskId)?.spec.kind?.type !== "teardown");
}

/**
 * What is wrong with a decision; undefined when nothing is, and for tasks that decide nothing.
 * @param output JSON text; null when the body returned nothing
 */
export function decisionError(
  plan: Plan,
  task: TaskSpec,
  output: string | null,
): DagsmithError | undefined {
  const { taskId, kind } = task;
  if (kind?.type === "branch") {
    const after = allAfter(plan, [taskId]);
    const stray = (JSON.parse(output ?? "[]") as readonly string[]).filter(
      (chosen) => !after.has(besides(plan, task, chosen)),
    );
    return stray.length === 0
      ? undefined
      : unknownBranch(taskId, stray.map((one) => `"${one}"`).join(", "), [...after]);
  }
  if (kind?.type !== "switch" || output === null || output === "null") return undefined;
  const name = JSON.parse(output) as Json;
  return typeof name === "string" && Object.hasOwn(kind.cases, name)
    ? undefined
    : unknownBranch(taskId, output, Object.keys(kind.cases));
}

function unknownBranch(task: string, found: string, allowed: readonly string[]): DagsmithError {
  return new DagsmithError("UNKNOWN_BRANCH", {
    task,
    found: found.slice(0, 500),
    allowed: allowed.join(", ") || "nothing",
  });
}
