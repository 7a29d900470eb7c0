/** The order of a DAG's tasks, or the reason why there is none: a cycle. */
import { DagsmithError } from "../errors.ts";
import type { TaskRef } from "../task/task_ref.ts";
import type { Graph } from "./graph.ts";
import { groupTasksAround } from "./node.ts";

/**
 * Each task after all tasks it depends on: first the tasks without upstream, then the
 * tasks that became free, in the order of declaration. The tasks of a group with
 * instances come directly after the group.
 * @throws DagsmithError CYCLE, naming the path
 */
export function inOrder(graph: Graph): readonly TaskRef<unknown>[] {
  const byGroup = Map.groupBy(graph.runnables, (ref) => groupTasksAround(ref)[0]);
  const inside = (group: TaskRef<unknown> | undefined): readonly TaskRef<unknown>[] =>
    sorted(graph, byGroup.get(group) ?? []).flatMap((ref) => [
      ref,
      ...(byGroup.has(ref) ? inside(ref) : []),
    ]);
  return inside(undefined);
}

/** Sorts siblings: runnables of one group, or of the top of the DAG. */
function sorted(graph: Graph, refs: readonly TaskRef<unknown>[]): readonly TaskRef<unknown>[] {
  const waitingFor = new Map(refs.map((ref) => [ref, graph.upstreamOf(ref.taskId).length]));
  const downstream = Map.groupBy(
    refs.flatMap((ref) => graph.upstreamOf(ref.taskId).map((upstream) => ({ upstream, ref }))),
    (edge) => edge.upstream,
  );
  const ordered = refs.filter((ref) => waitingFor.get(ref) === 0);
  for (const { taskId } of ordered) {
    for (const { ref } of downstream.get(taskId) ?? []) {
      const left = (waitingFor.get(ref) ?? 0) - 1;
      waitingFor.set(ref, left);
      if (left === 0) ordered.push(ref);
    }
  }
  if (ordered.length < refs.length)
    throw new DagsmithError("CYCLE", {
      dag: graph.dagId,
      path: cyclePath(graph, refs, new Set(ordered)),
    });
  return ordered;
}

/**
 * Every task outside `acyclic` has an upstream outside it too, so a walk upstream returns
 * to its start.
 */
function cyclePath(
  graph: Graph,
  refs: readonly TaskRef<unknown>[],
  acyclic: ReadonlySet<TaskRef<unknown>>,
): string {
  const free = new Set([...acyclic].map((ref) => ref.taskId));
  const walked = new Set<string>();
  let taskId: string | undefined = refs.find((ref) => !free.has(ref.taskId))?.taskId;
  while (taskId !== undefined && !walked.has(taskId)) {
    walked.add(taskId);
    taskId = graph.upstreamOf(taskId).find((upstream) => !free.has(upstream));
  }
  const ids = [...walked];
  // The walk goes upstream; people read a cycle downstream.
  const cycle = ids.slice(ids.indexOf(taskId ?? "")).reverse();
  return [cycle.at(-1), ...cycle].join(" -> ");
}
