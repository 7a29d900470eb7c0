/**
 * The nodes of a DAG under construction: tasks, and groups. Functions that ask what lies
 * around a node.
 */
import type { LoopDefinition } from "../task/loop.ts";
import { definitionOf } from "../task/task_definition.ts";
import { TaskRef } from "../task/task_ref.ts";
import { type GroupDefinition, withGroupsAround } from "./group_definition.ts";

/** What an edge is drawn between. */
export type Node = TaskRef<unknown> | GroupDefinition;

/** The id of a task or a group. */
export function idOf(node: Node): string {
  return node instanceof TaskRef ? node.taskId : node.groupId;
}

/** The groups around a task or a group, the innermost first. */
export function groupsAround(node: Node): readonly GroupDefinition[] {
  return withGroupsAround(node instanceof TaskRef ? definitionOf(node).group : node.parent);
}

/** The tasks of the groups around a node that have instances, the innermost first. */
export function groupTasksAround(node: Node): readonly TaskRef<unknown>[] {
  return groupsAround(node).flatMap(({ task }) => task ?? []);
}

/** The task of the mapped or looping group around a node, whose items the node gets. */
export function mappedGroupAround(node: Node): TaskRef<unknown> | undefined {
  return groupTasksAround(node).find((task) => {
    const { options, loop } = definitionOf(task);
    return options.each !== undefined || loop !== undefined;
  });
}

/**
 * The loop whose next iteration the output of a task decides: its own, or that of the
 * group whose result it is.
 */
export function loopOf(ref: TaskRef<unknown>): LoopDefinition | undefined {
  const group = groupsAround(ref).find(({ options, result }) => options.loop && result === ref);
  return definitionOf(ref).loop ?? (group?.task ? definitionOf(group.task).loop : undefined);
}
