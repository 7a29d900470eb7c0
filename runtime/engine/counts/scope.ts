/**
 * Scopes: where a task of a run is counted. A task has one scope in a run; inside a
 * mapped group it has one for each map index of the group.
 */

import { allWithin, groupsAround } from "../plan/graph.ts";
import { type Plan, type PlannedTask, plannedTask } from "../plan/plan.ts";

export interface Scope {
  readonly runId: number;
  readonly taskId: string;
  /** The map index of the mapped group around the task; -1 outside mapped groups. */
  readonly mapIndex: number;
}

/** Names an instance. The instance of a group is the scope of what is inside it. */
export interface InstanceKey {
  readonly runId: number;
  readonly taskId: string;
  /** -1: the task is not mapped, or ended before its list was known. */
  readonly mapIndex: number;
}

/** A scope, or an instance, as text. */
export function scopeKey({ runId, taskId, mapIndex }: Scope): string {
  return `${runId}/${taskId}/${mapIndex}`;
}

/** The scope that counts an instance of a task. @param mapIndex of the instance */
export function scopeOf(
  { spec, mappedGroup }: PlannedTask,
  runId: number,
  mapIndex: number,
): Scope {
  return { runId, taskId: spec.taskId, mapIndex: mappedGroup === null ? -1 : mapIndex };
}

/**
 * Whether an instance is the only one in its scope: it is no item of a list, and no
 * iteration.
 */
export function isWhole({ mappedGroup }: PlannedTask, mapIndex: number): boolean {
  return mappedGroup !== null || mapIndex < 0;
}

/** The group instances around a scope, the innermost first. */
export function scopesAround(plan: Plan, { runId, taskId, mapIndex }: Scope): readonly Scope[] {
  return groupsAround(plan, taskId).map((group) => {
    const task = plannedTask(plan, group);
    const at = task.spec.each === null ? scopeOf(task, runId, mapIndex).mapIndex : mapIndex;
    return { runId, taskId: group, mapIndex: at };
  });
}

/** The scopes of all tasks in a group instance, at any depth. */
export function scopesWithin(plan: Plan, { runId, taskId, mapIndex }: Scope): readonly Scope[] {
  return allWithin(plan, taskId).map((member) =>
    scopeOf(plannedTask(plan, member), runId, mapIndex),
  );
}
