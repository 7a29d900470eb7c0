/**
 * Branch tasks: branches, switches, short circuits and latest-only tasks decide which
 * tasks after them run. The decision is the output of the branch task, so it stays until
 * the task is cleared. Pure.
 */
import { DagsmithError } from "../../../sdk/errors.ts";
import type { Json } from "../../../sdk/json.ts";
import type { DagSpec, TaskKind, TaskSpec } from "../../../sdk/spec/index.ts";
import { allAfter, groupsAround, reach } from "./graph.ts";
import type { Plan, PlannedTask } from "./plan.ts";

type Downstream = ReadonlyMap<string, readonly string[]>;

const BRANCH_KINDS: ReadonlySet<TaskKind["type"]> = new Set([
  "branch",
  "switch",
  "short_circuit",
  "latest_only",
]);

/** Whether a task decides which tasks after it run. */
export function isBranchTask({ kind }: TaskSpec): boolean {
  return kind !== undefined && BRANCH_KINDS.has(kind.type);
}

/** For each task the ids of the branch tasks before it that may skip it. */
export function branchTasksOf(
  { tasks }: DagSpec,
  downstream: Downstream,
): ReadonlyMap<string, readonly string[]> {
  const branchTasks = new Map<string, string[]>();
  for (const { taskId, kind } of tasks) {
    if (!kind || !BRANCH_KINDS.has(kind.type)) continue;
    const next = (id: string): readonly string[] => downstream.get(id) ?? [];
    const concerned =
      kind.type === "short_circuit" && !kind.directOnly ? reach([taskId], next) : next(taskId);
    for (const after of concerned)
      branchTasks.set(after, [...(branchTasks.get(after) ?? []), taskId]);
  }
  return branchTasks;
}

/**
 * The tasks that a decision skips, whatever their trigger rules.
 * @param output of the branch task; undefined before it has ended as success
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

/**
 * A child that also comes after a chosen task is where the branches join: it is not
 * skipped.
 */
function notFollowed(
  plan: Plan,
  { spec, downstream }: PlannedTask,
  chosen: readonly string[],
): readonly string[] {
  const siblings = chosen.map((one) => siblingOf(plan, spec, one));
  const after = allAfter(plan, siblings);
  return downstream.filter((child) => !siblings.includes(child) && !after.has(child));
}

/**
 * The chosen task, or the group around it, that is in the same group as the branch task.
 */
export function siblingOf(plan: Plan, { parentGroup }: TaskSpec, chosen: string): string {
  return (
    [chosen, ...groupsAround(plan, chosen)].find(
      (one) => plan.tasks.get(one)?.spec.parentGroup === parentGroup,
    ) ?? chosen
  );
}

/** Whether a short circuit stops. 0 and "" are values, and do not stop it. */
function stops(output: Json): boolean {
  return output === false || (Array.isArray(output) && output.length === 0);
}

/** A teardown is not stopped: it still has something to undo. */
function stopped(
  plan: Plan,
  { spec, downstream }: PlannedTask,
  directOnly: boolean,
): readonly string[] {
  const concerned = directOnly ? downstream : [...allAfter(plan, [spec.taskId])];
  return concerned.filter((taskId) => plan.tasks.get(taskId)?.spec.kind?.type !== "teardown");
}

/**
 * The error of a decision that the DAG does not allow; undefined for any other output.
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
      (chosen) => !after.has(siblingOf(plan, task, chosen)),
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
