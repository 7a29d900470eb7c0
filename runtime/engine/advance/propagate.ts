/**
 * How a run moves: an instance ended, so the counters of the tasks after it change, so
 * some of them may run or never will, which may end others in turn, until nothing more
 * follows. The same code serves PostgreSQL and `dag test`.
 */
import type { FinishedInstance, RunEvent } from "../counts/run_event.ts";
import { type Scope, scopeKey, scopeOf } from "../counts/scope.ts";
import type { TaskCounter } from "../counts/task_counter.ts";
import type { PlannedTask } from "../plan/plan.ts";
import { decide } from "./decide.ts";
import { endGroups } from "./end_groups.ts";
import type { RunView } from "./run_view.ts";
import { skipCreated } from "./skip_created.ts";
import { skipTargets } from "./skip_targets.ts";

/**
 * Propagates ends in steps. All ends of a step are counted before the first decision of
 * the step, so that the order of the ends does not matter.
 */
export async function propagate(view: RunView, ends: readonly RunEvent[]): Promise<void> {
  let step = ends;
  while (step.length > 0 || view.hasGroupsToFollow) {
    const all = [...step, ...(await stopRuns(view, step))];
    const counted = await view.counters.count(all, await affectedBy(view, all));
    const changed = await skipTargets(view, all);
    const recounted = await view.counters.count(changed, []);
    const next = await decideAll(view, each(counted, recounted), [...all, ...changed]);
    const started = await view.startCounters();
    step = [...next, ...(await decideAll(view, started, [])), ...(await endGroups(view))];
  }
}

/** The counters of both lists, each once. */
function each(
  counted: readonly TaskCounter[],
  recounted: readonly TaskCounter[],
): readonly TaskCounter[] {
  return [...new Map([...counted, ...recounted].map((one) => [scopeKey(one), one])).values()];
}

/** @param ends of this step */
async function decideAll(
  view: RunView,
  scopes: readonly Scope[],
  ends: readonly RunEvent[],
): Promise<readonly RunEvent[]> {
  const ofTask = endsByTask(ends);
  const next: RunEvent[] = [];
  for (const scope of scopes)
    next.push(...(await decide(view, scope, ofTask.get(taskKey(scope)) ?? [])));
  return next;
}

/** The ended items and iterations of each task. */
function endsByTask(ends: readonly RunEvent[]): ReadonlyMap<string, readonly FinishedInstance[]> {
  const items = ends.flatMap((end) => (end.kind === "instance" && end.mapIndex >= 0 ? [end] : []));
  return Map.groupBy(items, taskKey);
}

function taskKey({ runId, taskId }: Pick<Scope, "runId" | "taskId">): string {
  return `${runId}/${taskId}`;
}

/** Fails fast. @returns the instances that ended because their run is stopped */
async function stopRuns(view: RunView, step: readonly RunEvent[]): Promise<readonly RunEvent[]> {
  const ends: RunEvent[] = [];
  for (const end of step) {
    const run = view.run(end.runId);
    if (end.kind !== "instance" || !view.stops.stopsRun(run, end)) continue;
    ends.push(...(await view.stops.cancelActive(view.tx, run)), ...skipCreated(view, run));
  }
  return ends;
}

/** Scopes that ends affect although their tasks are not directly after the ended ones. */
async function affectedBy(view: RunView, ends: readonly RunEvent[]): Promise<readonly Scope[]> {
  const scopes: Scope[] = [];
  for (const end of ends) {
    const task = view.task(end);
    for (const taskId of await tasksAffectedBy(view, end, task))
      scopes.push({ ...scopeOf(task, end.runId, end.mapIndex), taskId });
  }
  return scopes;
}

async function tasksAffectedBy(
  view: RunView,
  end: RunEvent,
  { spec }: PlannedTask,
): Promise<Iterable<string>> {
  const run = view.run(end.runId);
  // What has not started in a stopped run is skipped now.
  if (view.stops.isStopped(end.runId))
    return [...run.plan.tasks].flatMap(([taskId, { isCounted }]) => (isCounted ? [taskId] : []));
  const isChoice =
    end.kind === "instance" && end.state === "success" && spec.kind?.type === "short_circuit";
  return isChoice ? view.branches.skippedBy(run, end) : [];
}
