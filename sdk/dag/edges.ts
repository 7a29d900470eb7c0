/**
 * Turns edges between tasks and groups into edges between runnables. A group with
 * instances is one of the tasks around it: an edge that enters or leaves it is moved to
 * the group itself. A plain group stands for its first tasks at the end of an edge, and
 * for its last tasks at the beginning. Done when the whole DAG is known, because an edge
 * that is drawn later inside a group changes its first and last tasks.
 */
import { partition } from "../list.ts";
import { TaskRef } from "../task/task_ref.ts";
import { GroupDefinition } from "./group_definition.ts";
import { lastTasks } from "./last_tasks.ts";
import { groupsAround, groupTasksAround, type Node } from "./node.ts";

/** An edge as the author drew it. */
export interface Edge {
  readonly from: Node;
  readonly to: Node;
}

type Upstream = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * Id of a runnable to the ids directly before it.
 * @param runnables tasks, and tasks of groups
 * @param edges in the order in which they were drawn
 */
export function upstreamOfAll(
  runnables: readonly TaskRef<unknown>[],
  edges: readonly Edge[],
): Upstream {
  const upstream = new Map(runnables.map(({ taskId }) => [taskId, new Set<string>()]));
  const moved = edges.map(betweenSiblings);
  for (const { from, to } of moved)
    if (from instanceof TaskRef && to instanceof TaskRef) upstream.get(to.taskId)?.add(from.taskId);
  for (const { from, to } of ofPlainGroups(moved)) {
    const firsts = firstTasks(to, runnables, upstream);
    for (const last of endsOf(from, { runnables, edges: moved, upstream }))
      for (const first of firsts) upstream.get(first)?.add(last);
  }
  return upstream;
}

interface Wiring {
  readonly runnables: readonly TaskRef<unknown>[];
  readonly edges: readonly Edge[];
  readonly upstream: Upstream;
}

/**
 * The tasks that an edge from a node comes from. A group of nothing but setups and
 * teardowns has none: what comes before the group stands for it.
 */
function endsOf(node: Node, wiring: Wiring): readonly string[] {
  if (node instanceof TaskRef) return [node.taskId];
  const lasts = lastTasks(membersOf(node, wiring.runnables), wiring);
  if (lasts.length > 0) return lasts;
  const [before, others] = partition(wiring.edges, ({ to }) => to === node);
  // Each group is looked through once: such groups may be drawn in a circle.
  return before.flatMap(({ from }) => endsOf(from, { ...wiring, edges: others }));
}

/**
 * Edges to or from plain groups, the deepest first: an edge inside a group decides on the
 * first and last tasks of the group.
 */
function ofPlainGroups(edges: readonly Edge[]): readonly Edge[] {
  const depth = ({ from, to }: Edge): number =>
    Math.min(groupsAround(from).length, groupsAround(to).length);
  return edges
    .filter(({ from, to }) => from instanceof GroupDefinition || to instanceof GroupDefinition)
    .toSorted((a, b) => depth(b) - depth(a));
}

/**
 * The edge between siblings: both ends are moved outwards, into the innermost group with
 * instances that holds both, or to the top of the DAG.
 */
function betweenSiblings({ from, to }: Edge): Edge {
  const around = new Set(groupTasksAround(to));
  const shared = groupTasksAround(from).find((task) => around.has(task));
  return { from: movedInto(shared, from), to: movedInto(shared, to) };
}

function movedInto(shared: TaskRef<unknown> | undefined, node: Node): Node {
  const around = groupTasksAround(node);
  const outermost = around[(shared ? around.indexOf(shared) : around.length) - 1];
  return outermost ?? (node instanceof GroupDefinition ? (node.task ?? node) : node);
}

function firstTasks(
  node: Node,
  runnables: readonly TaskRef<unknown>[],
  upstream: Upstream,
): readonly string[] {
  const members = membersOf(node, runnables);
  return [...members].filter(
    (taskId) => ![...(upstream.get(taskId) ?? [])].some((before) => members.has(before)),
  );
}

/**
 * Ids of the runnables of a plain group, without those inside inner groups that have
 * instances.
 */
function membersOf(node: Node, runnables: readonly TaskRef<unknown>[]): ReadonlySet<string> {
  if (node instanceof TaskRef) return new Set([node.taskId]);
  const [around] = groupTasksAround(node);
  return new Set(
    runnables
      .filter((task) => groupsAround(task).includes(node) && groupTasksAround(task)[0] === around)
      .map(({ taskId }) => taskId),
  );
}
