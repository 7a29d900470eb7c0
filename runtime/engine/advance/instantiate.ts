/**
 * A task's turn, once its rule lets it run: what beside its rule decides whether it has one, and the instances that it gets. Tasks without
 * such conditions ask nothing.
 */
import { isFinal } from "../../state/task_state.ts";
import { waitOf } from "../../state/wait.ts";
import { isLatest } from "../../timetable/latest.ts";
import { isLimited, UNROUTED } from "../limits/limits.ts";
import { isGroup, isMany, type PlannedTask } from "../plan/plan.ts";
import type { EngineTx, LockedRun, NewInstance } from "../store.ts";
import { expand, type Sources, sourceState, type Unmapped } from "./expand.ts";
import type { Settled } from "./finished_instance.ts";
import { timeLimit } from "./groups.ts";
import type { ListView } from "./list_view.ts";
import type { Round } from "./round.ts";

/**
 * One instance, or one for each item, or at once the end of a task that has no body.
 * @param mapIndex its place: -1, but within a mapped group
 * @returns what ended by it
 */
export async function takeTurn(
  round: Round,
  runId: number,
  task: PlannedTask,
  mapIndex: number,
): Promise<readonly Settled[]> {
  const { spec } = task;
  const outside = await outsideOfDates(round.tx, round.run(runId), task);
  if (outside !== undefined)
    return [round.end(runId, task, mapIndex, { state: "skipped", reason: outside })];
  if (spec.dependsOnPast && !(await isDependsOnPastMet(round, runId, task))) return [];
  if (spec.kind?.type === "latest_only") {
    const latest = await decideLatest(round.tx, round.run(runId), task, mapIndex);
    return [
      round.end(runId, task, mapIndex, {
        state: "success",
        reason: latest ? null : "not the latest run",
      }),
    ];
  }
  if (spec.each)
    return makeItems(round, runId, task, await expand(spec, spec.each, sourcesIn(round, runId)));
  // One with outlets is run like any other: what records its success also updates its assets.
  if (spec.operator === "empty" && spec.outlets.length === 0)
    return [round.end(runId, task, mapIndex, { state: "success", reason: null })];
  makeOne(round, runId, task, mapIndex);
  return [];
}

/** Why a task has no part in a run: the run lies before its startDate or after its endDate. Undefined when it has. */
async function outsideOfDates(
  tx: EngineTx,
  { id }: LockedRun,
  { spec: { startDate = null, endDate = null } }: PlannedTask,
): Promise<string | undefined> {
  if (startDate === null && endDate === null) return undefined;
  const { logicalDate } = await tx.runDates(id);
  if (startDate !== null && logicalDate < new Date(startDate))
    return `the run lies before its startDate ${startDate}`;
  return endDate !== null && logicalDate > new Date(endDate)
    ? `the run lies after its endDate ${endDate}`
    : undefined;
}

async function isDependsOnPastMet(
  round: Round,
  runId: number,
  { spec }: PlannedTask,
): Promise<boolean> {
  const question = { runId, taskId: spec.taskId };
  const [isMet] = await round.tx.dependsOnPastMet([question]);
  if (isMet) return true;
  round.waitForDependsOnPast(question);
  return false;
}

/** Decides a latest-only task, here and without a worker, for only the engine knows the schedule; stored as its output like any decision. */
async function decideLatest(
  tx: EngineTx,
  { id: runId, plan }: LockedRun,
  { spec: { taskId } }: PlannedTask,
  mapIndex: number,
): Promise<boolean> {
  const { now, ...dates } = await tx.runDates(runId);
  const latest = isLatest(plan.spec.schedules, dates, now);
  await tx.storeOutputs([{ runId, taskId, mapIndex, json: JSON.stringify(latest), file: null }]);
  return latest;
}

function makeOne(round: Round, runId: number, task: PlannedTask, mapIndex: number): void {
  const { taskId, wait } = task.spec;
  const one = {
    runId,
    taskId,
    mapIndex,
    ...round.itemAt(runId, task, mapIndex),
    reason: null,
    error: null,
  };
  if (isGroup(task.spec)) makeGroup(round, task, one);
  else if (wait) round.make({ ...one, state: "deferred", wait: waitOf(wait), route: UNROUTED });
  else round.make({ ...one, state: "queued", route: round.routeOf(runId, task) });
  round.speak(runId, task, mapIndex, null, 0);
}

/** A group begins: its tasks get their turn. */
function makeGroup(
  round: Round,
  task: PlannedTask,
  one: Omit<NewInstance, "state" | "route">,
): void {
  const wait = timeLimit(task.spec);
  round.make({ ...one, state: "running", route: UNROUTED, ...(wait && { wait }) });
  round.open(one);
}

/** One instance for each item. The first `maxActive` are queued, the others wait for a place. */
function makeItems(
  round: Round,
  runId: number,
  task: PlannedTask,
  items: ListView | Unmapped,
): readonly Settled[] {
  const { taskId, maxActive } = task.spec;
  if ("state" in items) return [round.end(runId, task, -1, items)];
  const route = round.routeOf(runId, task);
  // Under other limits `maxActive` is one more of them: an instance is let go once, by whoever gives places.
  const released = isLimited(task.route, round.run(runId))
    ? items.length
    : Math.min(items.length, maxActive ?? items.length);
  const begun = isGroup(task.spec) ? "running" : "queued";
  const wait = isGroup(task.spec) ? timeLimit(task.spec) : undefined;
  for (let mapIndex = 0; mapIndex < items.length; mapIndex++) {
    const state = mapIndex < released ? begun : "scheduled";
    const one = {
      runId,
      taskId,
      mapIndex,
      state,
      item: items.at(mapIndex),
      reason: null,
      error: null,
      route,
    } as const;
    round.make(state === "running" && wait ? { ...one, wait } : one);
    if (state === "running") round.open(one);
  }
  if (isGroup(task.spec)) round.expandWithin(runId, task, items.length);
  round.speak(runId, task, -1, items.length, released);
  round.widen(runId, task, items.length - 1);
  return [];
}

/** What is known of the tasks of a run, this round included. */
function sourcesIn(round: Round, runId: number): Sources {
  const { tx } = round;
  return {
    output: (taskId) =>
      tx.output(runId, taskId, isMany(round.task({ runId, taskId })) ? "all" : -1),
    stateOf: async (taskId) => {
      const made = round.madeAt({ runId, taskId, mapIndex: -1 });
      if (made) return isFinal(made.state) ? made.state : undefined;
      const ends = (await tx.endsOf(runId, [taskId], null)).get(taskId);
      return ends && sourceState(ends);
    },
  };
}
