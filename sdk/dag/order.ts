/** The order of a DAG's tasks, or why there is none: a cycle. */

import { DagsmithError } from "../errors.ts";
import type { TaskRef } from "../task/task.ts";
import type { Dag } from "./dag.ts";
import { unitsAround } from "./group.ts";

/**
 * Each task behind all it depends on: first those without upstream, then whatever became free, in the order of declaration. The tasks of a group
 * that runs as one stand behind it, and before what comes after it.
 * @throws DagsmithError CYCLE, naming the path
 */
export function inOrder(dag: Dag<unknown>): readonly TaskRef<unknown>[] {
  const byUnit = Map.groupBy(dag.units, (ref) => unitsAround(ref)[0]);
  const within = (unit: TaskRef<unknown> | undefined): readonly TaskRef<unknown>[] =>
    sorted(dag, byUnit.get(unit) ?? []).flatMap((ref) => [
      ref,
      ...(byUnit.has(ref) ? within(ref) : []),
    ]);
  return within(undefined);
}

/** Tasks that lie side by side. */
function sorted(dag: Dag<unknown>, refs: readonly TaskRef<unknown>[]): readonly TaskRef<unknown>[] {
  const waitingFor = new Map(refs.map((ref) => [ref, dag.upstreamOf(ref.taskId).length]));
  const downstream = Map.groupBy(
    refs.flatMap((ref) => dag.upstreamOf(ref.taskId).map((upstream) => ({ upstream, ref }))),
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
      dag: dag.dagId,
      path: cyclePath(dag, refs, new Set(ordered)),
    });
  return ordered;
}

/** Every task outside `acyclic` has an upstream outside it too, so walking upstream must come round. */
function cyclePath(
  dag: Dag<unknown>,
  refs: readonly TaskRef<unknown>[],
  acyclic: ReadonlySet<TaskRef<unknown>>,
): string {
  const free = new Set([...acyclic].map((ref) => ref.taskId));
  const walked = new Set<string>();
  let taskId: string | undefined = refs.find((ref) => !free.has(ref.taskId))?.taskId;
  while (taskId !== undefined && !walked.has(taskId)) {
    walked.add(taskId);
    taskId = dag.upstreamOf(taskId).find((upstream) => !free.has(upstream));
  }
  const ids = [...walked];
  // The walk goes against the work; people read a cycle along it.
  const cycle = ids.slice(ids.indexOf(taskId ?? "")).reverse();
  return [cycle.at(-1), ...cycle].join(" -> ");
}
