/** Reads the tasks of a group that runs as one: of the whole of it, or of one element of a mapped one. */
import { mappedTaskIds } from "../../engine/plan/plan_of.ts";
import type { Queryable } from "../../store/database/database.ts";
import { instancesAt } from "../../store/reads/instances.ts";
import { groupTree, type TreeItem } from "../groups/group_tree.ts";
import type { GroupMember } from "../views/task/members.tsx";
import type { RunView } from "./read_run.ts";

/** @param mapIndex the element; -1: the whole */
export async function readMembers(
  db: Queryable,
  { run, spec, tasks }: RunView,
  groupId: string,
  mapIndex: number,
): Promise<readonly GroupMember[]> {
  const inside = new Set(idsIn(groupTree(spec.tasks, spec.groups), groupId));
  const members = tasks.filter(({ taskId }) => inside.has(taskId));
  const link = (taskId: string, index: number) =>
    `/runs/${run.id}/tasks/${taskId}${index < 0 ? "" : `/${index}`}`;
  const name = (taskId: string) =>
    taskId.startsWith(`${groupId}.`) ? taskId.slice(groupId.length + 1) : taskId;
  if (mapIndex < 0)
    return members.map((task) => ({
      ...task,
      name: name(task.taskId),
      href: link(task.taskId, -1),
    }));
  const many = mappedTaskIds(spec);
  const found = await instancesAt(
    db,
    run.id,
    members.map(({ taskId }) => taskId).filter((taskId) => many.has(taskId)),
    mapIndex,
  );
  const byId = new Map(found.map((one) => [one.taskId, one]));
  return members.map(({ taskId }) => {
    const one = byId.get(taskId) ?? {
      state: "none" as const,
      tryNumber: 0,
      startedAt: null,
      finishedAt: null,
    };
    return { ...one, name: name(taskId), href: link(taskId, byId.has(taskId) ? mapIndex : -1) };
  });
}

/** Ids of all that is in a group, at any depth, the groups that run as one among them. */
function idsIn(items: readonly TreeItem[], groupId: string): readonly string[] {
  return items.flatMap((item): readonly string[] => {
    if (item.type === "task") return [];
    return item.id === groupId ? allIds(item.children) : idsIn(item.children, groupId);
  });
}

function allIds(items: readonly TreeItem[]): readonly string[] {
  return items.flatMap((item) =>
    item.type === "task" ? [item.id] : [item.id, ...allIds(item.children)],
  );
}
