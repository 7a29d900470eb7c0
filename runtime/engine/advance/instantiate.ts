/**
 * Creates the instances of a task whose trigger rule is met: one, or one for each item.
 * Before that come the conditions of some tasks: their dates, and the run before.
 */
import { isFinal } from "../../state/task_state.ts";
import { waitOf } from "../../state/wait.ts";
import { isLatest } from "../../timetable/latest.ts";
import type { RunEvent } from "../counts/run_event.ts";
import type { Scope } from "../counts/scope.ts";
import { isLimited, UNROUTED } from "../limits/limits.ts";
import { isGroup, isMapped, type PlannedTask } from "../plan/plan.ts";
import { timeLimit } from "../plan/time_limit.ts";
import type { NewInstance } from "../store.ts";
import { expand, type Sources, sourceState, type Unmapped } from "./expand.ts";
import type { ListView } from "./list_view.ts";
import type { RunView } from "./run_view.ts";

/**
 * @returns what happened at once: the end of a task that needs no try, or the length of a
 * list
 */
export async function instantiate(
  view: RunView,
  { runId, taskId, mapIndex }: Scope,
  task: PlannedTask,
): Promise<readonly RunEvent[]> {
  const { spec } = task;
  const scope = { runId, taskId, mapIndex };
  const reason = await outsideOfDates(view, runId, task);
  if (reason !== undefined) return [view.end(scope, { state: "skipped", reason })];
  if (spec.dependsOnPast && !(await isPastMet(view, scope))) return [];
  if (spec.kind?.type === "latest_only") return [await decideLatest(view, scope)];
  if (spec.each) {
    const list = await expand(spec, spec.each, sourcesIn(view, runId));
    return createItems(view, scope, task, list);
  }
  // A task with outlets needs a try: the record of its success also updates its assets.
  if (spec.operator === "empty" && spec.outlets.length === 0)
    return [view.end(scope, { state: "success", reason: null })];
  createOne(view, scope, task);
  return [];
}

/**
 * Why a run lies before the startDate of a task or after its endDate; undefined when it
 * does not.
 */
async function outsideOfDates(
  view: RunView,
  runId: number,
  { spec: { startDate = null, endDate = null } }: PlannedTask,
): Promise<string | undefined> {
  if (startDate === null && endDate === null) return undefined;
  const { logicalDate } = await view.tx.runDates(runId);
  if (startDate !== null && logicalDate < new Date(startDate))
    return `the run lies before its startDate ${startDate}`;
  return endDate !== null && logicalDate > new Date(endDate)
    ? `the run lies after its endDate ${endDate}`
    : undefined;
}

/**
 * Whether the run before allows the task (depends_on_past); if not, the task waits for
 * it.
 */
async function isPastMet(view: RunView, { runId, taskId }: Scope): Promise<boolean> {
  const [isMet] = await view.tx.dependsOnPastMet([{ runId, taskId }]);
  if (isMet) return true;
  view.waitForPast({ runId, taskId });
  return false;
}

/** Ends a latest-only task without a worker: only the engine knows the schedule. */
async function decideLatest(view: RunView, scope: Scope): Promise<RunEvent> {
  const { plan } = view.run(scope.runId);
  const { now, ...dates } = await view.tx.runDates(scope.runId);
  const latest = isLatest(plan.spec.schedules, dates, now);
  // Stored like the decision of any branch task.
  await view.tx.storeResults({ outputs: [{ ...scope, json: JSON.stringify(latest), file: null }] });
  return view.end(scope, { state: "success", reason: latest ? null : "not the latest run" });
}

function createOne(view: RunView, scope: Scope, task: PlannedTask): void {
  const { wait } = task.spec;
  const one = { ...scope, ...view.itemOf(scope), reason: null, error: null };
  if (isGroup(task.spec)) createGroup(view, task, one);
  else if (wait)
    view.created.add({ ...one, state: "deferred", wait: waitOf(wait), route: UNROUTED });
  else view.created.add({ ...one, state: "queued", route: view.routeOf(scope.runId, task) });
  view.decided(scope);
}

function createGroup(
  view: RunView,
  task: PlannedTask,
  one: Omit<NewInstance, "state" | "route">,
): void {
  const wait = timeLimit(task.spec);
  view.created.add({ ...one, state: "running", route: UNROUTED, ...(wait && { wait }) });
  view.startGroup(one);
}

/** Creates an instance for each item; the first `maxActive` are released. */
function createItems(
  view: RunView,
  scope: Scope,
  task: PlannedTask,
  items: ListView | Unmapped,
): readonly RunEvent[] {
  if ("state" in items) return [view.end(scope, items)];
  // With other limits, `maxActive` is one of them: all items request their slots now.
  const released = isLimited(task.route, view.run(scope.runId))
    ? items.length
    : Math.min(items.length, task.spec.maxActive ?? items.length);
  const route = view.routeOf(scope.runId, task);
  for (let mapIndex = 0; mapIndex < items.length; mapIndex++) {
    const one = { ...scope, mapIndex, item: items.at(mapIndex), reason: null, error: null };
    if (mapIndex >= released) view.created.add({ ...one, state: "scheduled", route });
    else if (isGroup(task.spec)) createGroup(view, task, one);
    else view.created.add({ ...one, state: "queued", route });
  }
  view.decided(scope, { instances: items.length, released });
  if (isGroup(task.spec)) view.growGroup(scope);
  return [{ ...scope, kind: "length", by: items.length - 1 }];
}

/** What is known of the tasks of a run, new instances included. */
function sourcesIn(view: RunView, runId: number): Sources {
  return {
    output: (taskId) =>
      view.tx.output(runId, taskId, isMapped(view.task({ runId, taskId })) ? "all" : -1),
    stateOf: async (taskId) => {
      const created = view.created.at({ runId, taskId, mapIndex: -1 });
      if (created) return isFinal(created.state) ? created.state : undefined;
      const ends = (await view.tx.endsOf(runId, [taskId], null)).get(taskId);
      return ends && sourceState(ends);
    },
  };
}
