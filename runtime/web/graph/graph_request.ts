/**
 * The graph of a DAG to lay out: its tasks as nodes, its groups as boxes. Sizes follow
 * from the length of the names, so that no browser is needed.
 */
import type { DagSpec } from "../../../sdk/spec/index.ts";
import { groupTree, type TreeGroup, type TreeItem } from "../groups/group_tree.ts";
import { type Box, boxEdges } from "./box_edges.ts";
import type { GraphRequest } from "./graph_layout.ts";

export const CHARACTER_PX = 7.2;
/** Space for the mark of the state, and on both sides. */
export const AROUND_NAME_PX = 42;
const NODE_HEIGHT_PX = 30;

export function graphRequest(spec: DagSpec): GraphRequest {
  const placed = placesOf(groupTree(spec.tasks, spec.groups), null);
  const groups = placed.flatMap(({ item, box }) =>
    item.type === "group" ? [{ ...item, box }] : [],
  );
  const edges = spec.tasks.flatMap(({ taskId, upstream }) =>
    upstream.map((from) => ({ from, to: taskId })),
  );
  return {
    nodes: placed.flatMap(({ item: { type, id, name }, box }) =>
      type === "task" ? [{ id, box, width: nameWidth(name), height: NODE_HEIGHT_PX }] : [],
    ),
    boxes: groups.map(({ id, name, box }) => ({ id, box, leastWidth: nameWidth(name) })),
    edges: boxEdges(edges, groups.filter(({ isTask }) => !isTask).map(boxOf)),
  };
}

/** Everything with the group around it, a group before its members. */
function placesOf(
  items: readonly TreeItem[],
  box: string | null,
): readonly { readonly item: TreeItem; readonly box: string | null }[] {
  return items.flatMap((item) => [
    { item, box },
    ...(item.type === "group" ? placesOf(item.children, item.id) : []),
  ]);
}

function boxOf(group: TreeGroup): Box {
  return { id: group.id, inside: new Set(endsIn(group)) };
}

/**
 * Ids of the ends that edges of a group may have. A group inside with a group instance is
 * such an end; its tasks are not.
 */
function endsIn({ children }: TreeGroup): readonly string[] {
  return children.flatMap((child) =>
    child.type === "task" || child.isTask ? [child.id] : endsIn(child),
  );
}

function nameWidth(name: string): number {
  return Math.round(shownName(name).length * CHARACTER_PX) + AROUND_NAME_PX;
}

/** A name that fits a node: the middle of a long name is left out. */
export function shownName(name: string): string {
  return name.length <= 32 ? name : `${name.slice(0, 18)}…${name.slice(-13)}`;
}
