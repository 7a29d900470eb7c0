/**
 * Instances that a transaction created before it found that their run or group must stop.
 */
import { partition } from "../../../sdk/list.ts";
import { finished, type RunEvent } from "../counts/run_event.ts";
import { isWhole, scopeOf } from "../counts/scope.ts";
import { isGroup, isLoop, type PlannedTask } from "../plan/plan.ts";
import type { LockedRun, NewInstance } from "../store.ts";
import type { RunView } from "./run_view.ts";

/** Skips the new instances of a stopped run. @returns what ended by it */
export function skipCreated(view: RunView, run: LockedRun): readonly RunEvent[] {
  const unwanted = view.stops.unwanted(run, view.created.all);
  return [...Map.groupBy(unwanted, ({ taskId }) => taskId)].flatMap(([taskId, instances]) => {
    const task = view.task({ runId: run.id, taskId });
    const [alone, items] = partition(instances, (one) => standsAlone(task, one));
    return [...alone.flatMap((one) => skipOne(view, task, one)), ...skipList(view, task, items)];
  });
}

/**
 * Items of a new list are skipped together, as the one instance that the task then has.
 */
function skipList(
  view: RunView,
  task: PlannedTask,
  items: readonly NewInstance[],
): readonly RunEvent[] {
  const [first] = items;
  if (!first) return [];
  const scope = scopeOf(task, first.runId, -1);
  for (const item of items) view.created.discard(item);
  const reason = reasonOf(view, task, first);
  return [
    { ...scope, kind: "length", by: 1 - items.length },
    view.end(scope, { state: "skipped", reason }),
  ];
}

function skipOne(view: RunView, task: PlannedTask, one: NewInstance): readonly RunEvent[] {
  return view.created.end(one, "skipped", reasonOf(view, task, one))
    ? [finished(one, "skipped")]
    : [];
}

function reasonOf(
  view: RunView,
  task: PlannedTask,
  { runId, mapIndex }: NewInstance,
): string | null {
  const run = view.run(runId);
  return view.stops.reasonAgainst(run, task, scopeOf(task, runId, mapIndex).mapIndex) ?? null;
}

/**
 * Whether an instance is skipped by itself: it is the only one, a group instance, or a
 * later iteration.
 */
function standsAlone(task: PlannedTask, { mapIndex }: NewInstance): boolean {
  return isWhole(task, mapIndex) || isGroup(task.spec) || (mapIndex > 0 && isLoop(task.spec));
}
