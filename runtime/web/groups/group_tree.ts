/**
 * The tasks of a DAG as people see them: in their groups, a group at the position of its
 * first task.
 */
import type { GroupSpec, TaskSpec } from "../../../sdk/spec/index.ts";

interface TreeTask {
  readonly type: "task";
  readonly id: string;
  /** The id without the prefix of its group. */
  readonly name: string;
}

export interface TreeGroup {
  readonly type: "group";
  readonly id: string;
  readonly name: string;
  readonly doc: string | null;
  /** It has a group instance: a task with its id has its state. */
  readonly isTask: boolean;
  readonly children: readonly TreeItem[];
  /** Ids of the tasks in it, at any depth. */
  readonly taskIds: readonly string[];
}

export type TreeItem = TreeTask | TreeGroup;

type GroupedTask = Pick<TaskSpec, "taskId" | "group">;

/** @param groups inner groups after outer ones */
export function groupTree(
  tasks: readonly GroupedTask[],
  groups: readonly GroupSpec[] = [],
): readonly TreeItem[] {
  const specs = new Map(groups.map((group) => [group.groupId, group]));
  const known = (groupId: string | null | undefined): string | null =>
    groupId != null && specs.has(groupId) ? groupId : null;
  const members = new Map<string | null, (GroupSpec | GroupedTask)[]>([[null, []]]);
  const place = (groupId: string | null): void => {
    const group = groupId === null ? undefined : specs.get(groupId);
    if (!group || members.has(group.groupId)) return;
    members.set(group.groupId, []);
    place(known(group.parent));
    members.get(known(group.parent))?.push(group);
  };
  for (const task of tasks) {
    const group = known(task.group);
    place(specs.has(task.taskId) ? task.taskId : group);
    if (!specs.has(task.taskId)) members.get(group)?.push(task);
  }
  const taskIds = new Set(tasks.map(({ taskId }) => taskId));
  return itemsOf([], members, taskIds);
}

/** @param around the groups around it, the innermost first */
function itemsOf(
  around: readonly string[],
  members: ReadonlyMap<string | null, readonly (GroupSpec | GroupedTask)[]>,
  taskIds: ReadonlySet<string>,
): readonly TreeItem[] {
  return (members.get(around[0] ?? null) ?? []).map((one): TreeItem => {
    if ("taskId" in one)
      return { type: "task", id: one.taskId, name: nameWithin(one.taskId, around) };
    const { groupId: id, doc } = one;
    const children = itemsOf([id, ...around], members, taskIds);
    const inside = children.flatMap((child) =>
      child.type === "task" ? [child.id] : child.taskIds,
    );
    return {
      type: "group",
      id,
      name: nameWithin(id, around),
      doc,
      isTask: taskIds.has(id),
      children,
      taskIds: inside,
    };
  });
}

/**
 * An id without the prefix of its groups. The innermost group is first, and may have no
 * prefix.
 */
function nameWithin(id: string, around: readonly string[]): string {
  const group = around.find((groupId) => id.startsWith(`${groupId}.`));
  return group === undefined ? id : id.slice(group.length + 1);
}

/** How a list shows a group. */
export function groupAnchor(groupId: string): string {
  return `group-${groupId}`;
}

/** A line of a list that shows tasks in their groups. */
export interface TreeRow {
  readonly item: TreeItem;
  /** The number of groups around it. */
  readonly depth: number;
  /** A group whose members are not listed. */
  readonly isFolded: boolean;
}

/**
 * The lines of a list, a group before its members. @param folded ids of groups whose
 * members are left out
 */
export function treeRows(
  items: readonly TreeItem[],
  folded: ReadonlySet<string>,
  depth = 0,
): readonly TreeRow[] {
  return items.flatMap((item): readonly TreeRow[] => {
    if (item.type === "task") return [{ item, depth, isFolded: false }];
    const isFolded = folded.has(item.id);
    return [
      { item, depth, isFolded },
      ...(isFolded ? [] : treeRows(item.children, folded, depth + 1)),
    ];
  });
}
