/** Reads the tasks of a group instance, or of a whole mapped group. */
import { mappedTaskIds } from "../../engine/plan/plan_of.ts";
import { instancesAt } from "../../store/reads/instances.ts";
import type { ShownState } from "../../words/shown_state.ts";
import { groupTree, type TreeItem } from "../groups/group_tree.ts";
import type { WebServices } from "../http/services.ts";
import type { RunView } from "./read_run.ts";

/** The values of a task, or of one instance of it, in a list. */
interface Progress {
  readonly state: ShownState;
  /** 0 before the task is instantiated. */
  readonly tryNumber: number;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}

/** A task of the group, as the page of the group lists it. */
export interface GroupMember extends Progress {
  /** The task id without the group's prefix. */
  readonly name: string;
  readonly href: string;
}

const NOT_YET: Progress = { state: "none", tryNumber: 0, startedAt: null, finishedAt: null };

/** @param mapIndex of the group instance; -1: the whole group */
export async function readMembers(
  services: WebServices,
  view: RunView,
  groupId: string,
  mapIndex: number,
): Promise<readonly GroupMember[]> {
  const inside = new Set(idsIn(groupTree(view.spec.tasks, view.spec.groups), groupId));
  const members = view.tasks.filter(({ taskId }) => inside.has(taskId));
  const taskIds = members.map(({ taskId }) => taskId);
  const found = mapIndex < 0 ? null : await instancesOf(services, view, taskIds, mapIndex);
  return members.map((task) => {
    const { taskId } = task;
    const { state, tryNumber, startedAt, finishedAt } = found
      ? (found.get(taskId) ?? NOT_YET)
      : task;
    const href = `/runs/${view.run.id}/tasks/${taskId}${found?.has(taskId) ? `/${mapIndex}` : ""}`;
    return { state, tryNumber, startedAt, finishedAt, href, name: nameWithin(groupId, taskId) };
  });
}

/** The mapped tasks at one map index, by task id. */
async function instancesOf(
  { reader }: WebServices,
  { run, spec }: RunView,
  taskIds: readonly string[],
  mapIndex: number,
): Promise<ReadonlyMap<string, Progress>> {
  const mapped = mappedTaskIds(spec);
  const ids = taskIds.filter((taskId) => mapped.has(taskId));
  const found = await instancesAt(reader, run.id, ids, mapIndex);
  return new Map(found.map((instance) => [instance.taskId, instance]));
}

function nameWithin(groupId: string, taskId: string): string {
  return taskId.startsWith(`${groupId}.`) ? taskId.slice(groupId.length + 1) : taskId;
}

/** Ids of all tasks in a group at any depth, those of group instances among them. */
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
