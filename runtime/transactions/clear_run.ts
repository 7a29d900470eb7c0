/**
 * Clearing: instances that ended, or wait, become `none`, and their run goes on. All in
 * one transaction on a locked run. Only a worker may move an instance meanwhile, and then
 * the guard of the move refuses.
 */

import { DagsmithError } from "../../sdk/errors.ts";
import type { InstanceKey } from "../engine/counts/scope.ts";
import { loopDecidedBy } from "../engine/plan/loop.ts";
import type { Plan } from "../engine/plan/plan.ts";
import type { EngineTx } from "../engine/store.ts";
import { clear } from "../state/transition.ts";
import type { Queryable } from "../store/database/database.ts";
import { applyTransitions } from "../store/instances/apply_transitions.ts";
import { allInstances, type SelectedInstance } from "../store/instances/instance_selection.ts";
import { requeueItems } from "../store/instances/recreate.ts";
import { adoptRuns, type Reopening, reopenRunRows } from "../store/runs/reopen_run.ts";
import { clearValues } from "../store/values/clear_values.ts";
import { type InstancesOfRun, idleGroupsAround, reopenGroups } from "./clear_groups.ts";
import { resumeRuns } from "./resume_runs.ts";

/** Instances of a locked run that are to be cleared. */
export interface RunToClear extends InstancesOfRun {
  readonly run: { readonly id: number; readonly runId: string };
}

/**
 * Clears instances of locked runs, and the groups around them that do not run. The runs
 * themselves go on with {@link reopenRuns}.
 * @returns all that was cleared
 * @throws DagsmithError CLEAR_RUNNING, when one of them runs
 */
export async function clearInstances<One extends RunToClear>(
  on: Queryable,
  selected: readonly One[],
): Promise<readonly One[]> {
  const runs = await withGroupsAround(on, selected);
  await clearExactly(on, runs);
  await clearValues(
    on,
    runs.flatMap(({ plan, instances }) => instances.flatMap((one) => outputsOf(plan, one))),
  );
  await requeueItems(on, runs.flatMap(itemsOfTasks));
  await reopenGroups(on, runs);
  return runs;
}

/** Adds the groups around the instances that do not run. */
export async function withGroupsAround<One extends RunToClear>(
  on: Queryable,
  runs: readonly One[],
): Promise<readonly One[]> {
  const groups = Map.groupBy(await idleGroupsAround(on, runs), ({ runId }) => runId);
  return runs.map((one) => ({
    ...one,
    instances: [...one.instances, ...(groups.get(one.run.id) ?? [])],
  }));
}

/**
 * The instances within a mapped group wait for those of the group, and not for a slot.
 */
function itemsOfTasks({ plan, instances }: RunToClear): readonly number[] {
  const isWithin = (taskId: string): boolean =>
    (plan.tasks.get(taskId)?.mappedGroup ?? null) !== null;
  return instances.flatMap(({ instanceId, taskId }) => (isWithin(taskId) ? [] : [instanceId]));
}

/**
 * Where the outputs of an instance are. The input of a loop's next iteration is stored
 * under the group.
 */
function outputsOf(plan: Plan, one: SelectedInstance): readonly InstanceKey[] {
  if (plan.tasks.get(one.taskId)?.members.length) return [];
  const loop = loopDecidedBy(plan, one.taskId);
  return loop ? [one, { ...one, taskId: loop.group }] : [one];
}

async function clearExactly(
  on: Queryable,
  runs: readonly Omit<RunToClear, "plan">[],
): Promise<void> {
  for (const { run, instances } of runs) refuseRunning(run.runId, instances);
  const all = runs.flatMap(({ instances }) => instances);
  const moved = new Set((await applyTransitions(on, all.map(clear))).map(({ id }) => id));
  if (moved.size === all.length) return;
  // A worker claimed an instance between the read and the move: the error undoes the
  // whole.
  for (const { run, instances } of runs) {
    const claimed = instances.filter(({ instanceId }) => !moved.has(instanceId));
    refuseRunning(
      run.runId,
      claimed.map((one) => ({ ...one, state: "running" as const })),
    );
  }
}

function refuseRunning(run: string, instances: readonly SelectedInstance[]): void {
  const running = instances.filter(({ state }) => state === "running").map(instanceName);
  if (running.length === 0) return;
  const more = running.length > 3 ? ` and ${running.length - 3} more` : "";
  throw new DagsmithError("CLEAR_RUNNING", {
    instances: `${running.slice(0, 3).join(", ")}${more}`,
    run,
  });
}

/** `task`, or `task[3]`. */
export function instanceName({
  taskId,
  mapIndex,
}: Pick<SelectedInstance, "taskId" | "mapIndex">): string {
  return mapIndex < 0 ? taskId : `${taskId}[${mapIndex}]`;
}

/**
 * Reopens runs of which instances were changed. A running run goes on at once. One that
 * had ended waits for a slot first.
 */
export async function reopenRuns(
  on: Queryable,
  tx: EngineTx,
  runs: readonly Reopening[],
): Promise<void> {
  await resumeRuns(on, tx, await reopenRunRows(on, runs));
}

/** A locked run that has ended, and its position in the backfill that runs it again. */
export interface RunToRedo {
  readonly id: number;
  readonly runId: string;
  readonly ordinal: number;
}

/** Clears all of locked runs that have ended, and makes them runs of a backfill. */
export async function redoRuns(
  on: Queryable,
  tx: EngineTx,
  runs: readonly RunToRedo[],
  { backfillId, ...changes }: Omit<Reopening, "id"> & { readonly backfillId: number },
): Promise<void> {
  if (runs.length === 0) return;
  await clearAll(on, runs);
  await reopenRuns(
    on,
    tx,
    runs.map(({ id }) => ({ id, ...changes })),
  );
  await adoptRuns(on, backfillId, runs);
}

/** Clears all instances of locked runs that have ended. */
export async function clearAll(
  on: Queryable,
  runs: readonly Pick<RunToRedo, "id" | "runId">[],
): Promise<void> {
  const ids = runs.map(({ id }) => id);
  const all = await allInstances(on, ids);
  const byRun = Map.groupBy(all, ({ runId }) => runId);
  await clearExactly(
    on,
    runs.map((run) => ({ run, instances: byRun.get(run.id) ?? [] })),
  );
  await clearValues(on, all);
}
