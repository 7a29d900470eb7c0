/**
 * What the ends of a task's own instances mean for it: further items are released, a loop
 * goes on.
 */
import type { Json } from "../../../sdk/json.ts";
import { totalOf } from "../counts/counts.ts";
import { type FinishedInstance, finished, type RunEvent } from "../counts/run_event.ts";
import { scopeOf } from "../counts/scope.ts";
import type { TaskCounter } from "../counts/task_counter.ts";
import { isLimited, UNROUTED } from "../limits/limits.ts";
import { isGroup, isLoop, type PlannedTask } from "../plan/plan.ts";
import { timeLimit } from "../plan/time_limit.ts";
import type { NewInstance } from "../store.ts";
import type { RunView } from "./run_view.ts";

/** A mapped task or a loop with its counter, after its instances were created. */
interface List {
  readonly counter: TaskCounter;
  readonly task: PlannedTask;
  readonly instances: number;
}

/** @param ends of the task's instances, in this step */
export async function continueTask(
  view: RunView,
  counter: TaskCounter,
  task: PlannedTask,
  ends: readonly FinishedInstance[],
): Promise<readonly RunEvent[]> {
  const { instances, own } = counter;
  if (instances === null || ends.length === 0) return [];
  const list = { counter, task, instances };
  const next = isLoop(task.spec) ? nextItem(instances, ends) : undefined;
  if (next !== undefined) return iterate(view, list, next);
  if (!isLoop(task.spec))
    await releaseNext(view, list, ends.filter(({ left }) => left === undefined).length);
  return totalOf(own) < instances
    ? []
    : [{ ...scopeOf(task, counter.runId, -1), kind: "task", ends: own }];
}

/** The item of a loop's next iteration; undefined when none follows. */
function nextItem(instances: number, ends: readonly FinishedInstance[]): Json | undefined {
  return ends.find(({ mapIndex }) => mapIndex === instances - 1)?.next;
}

/**
 * Creates the next iteration of a loop. In a stopped run or group the iteration is
 * skipped.
 */
function iterate(
  view: RunView,
  { counter, task, instances: mapIndex }: List,
  item: Json,
): readonly RunEvent[] {
  const { runId, taskId } = counter;
  const length = mapIndex + 1;
  view.counters.setLength(counter, { instances: length, released: length });
  if (isGroup(task.spec)) view.growGroup(counter);
  const next = { runId, taskId, mapIndex, item, error: null };
  const reason = view.stops.reasonAgainst(view.run(runId), task, -1) ?? null;
  if (reason !== null) {
    view.created.add({ ...next, state: "skipped", reason, route: UNROUTED });
    return [finished(next, "skipped")];
  }
  if (isGroup(task.spec)) startIteration(view, task, { ...next, reason });
  else view.created.add({ ...next, state: "queued", reason, route: view.routeOf(runId, task) });
  return [];
}

function startIteration(
  view: RunView,
  task: PlannedTask,
  next: Omit<NewInstance, "state" | "route">,
): void {
  const wait = timeLimit(task.spec);
  view.created.add({ ...next, state: "running", route: UNROUTED, ...(wait && { wait }) });
  view.startGroup(next);
}

/** Releases as many items as slots of `maxActive` became free. */
async function releaseNext(
  view: RunView,
  { counter, task, instances }: List,
  free: number,
): Promise<void> {
  await releaseUpTo(view, counter, task, Math.min(instances, counter.released + free));
}

/**
 * Releases waiting items of a task that was cleared in part, as far as `maxActive`
 * allows.
 */
export async function refill(
  view: RunView,
  counter: TaskCounter,
  task: PlannedTask,
  waiting: number,
): Promise<void> {
  const { runId, instances, released, own } = counter;
  if (instances === null || waiting === 0) return;
  // With other limits the items have requested slots already.
  if (isLimited(task.route, view.run(runId))) return;
  const active = instances - waiting - totalOf(own);
  const free = (task.spec.maxActive ?? instances) - active;
  await releaseUpTo(view, counter, task, released + Math.max(0, Math.min(waiting, free)));
}

async function releaseUpTo(
  view: RunView,
  counter: TaskCounter,
  task: PlannedTask,
  to: number,
): Promise<void> {
  if (to <= counter.released) return;
  if (isGroup(task.spec)) await releaseGroups(view, counter, task, to);
  else view.release(counter, to);
}

/**
 * Starts further instances of a mapped group: those of this transaction first, then
 * stored ones.
 */
async function releaseGroups(
  view: RunView,
  { runId, taskId, released: from }: TaskCounter,
  task: PlannedTask,
  to: number,
): Promise<void> {
  const wait = timeLimit(task.spec);
  const created = view.created.scheduled(runId, taskId).slice(0, to - from);
  for (const one of created) view.created.add({ ...one, state: "running", ...(wait && { wait }) });
  const stored =
    created.length < to - from
      ? await view.tx.beginGroups({ runId, taskId, from, to: to - created.length }, wait)
      : [];
  for (const mapIndex of [...created.map((one) => one.mapIndex), ...stored])
    view.startGroup({ runId, taskId, mapIndex });
  view.counters.setLength({ runId, taskId, mapIndex: -1 }, { released: to });
}
