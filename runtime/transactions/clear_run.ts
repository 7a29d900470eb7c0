/**
 * Clearing: instances that ended, or wait, become `none`, and their run goes on. All in one
 * transaction on a locked run. Only a worker may move an instance meanwhile, and then the guard of
 * the move refuses.
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
import { adoptRun, type Reopening, reopenRunRow } from "../store/runs/reopen_run.ts";
import { clearXComs } from "../store/values/xcom.ts";
import { idleGroupsAround, reopenGroups } from "./clear_groups.ts";
import { resumeRuns } from "./resume_runs.ts";

/**
 * Clears instances of a locked run, and the groups around them that do not run. The run itself
 * goes on with {@link reopenRun}.
 * @returns all that was cleared
 * @throws DagsmithError CLEAR_RUNNING, when one of them runs
 */
export async function clearInstances(
  on: Queryable,
  runName: string,
  plan: Plan,
  selected: readonly SelectedInstance[],
): Promise<readonly SelectedInstance[]> {
  const instances = [...selected, ...(await idleGroupsAround(on, plan, selected))];
  await clearExactly(on, runName, instances);
  await clearXComs(
    on,
    instances.flatMap((one) => outputsOf(plan, one)),
  );
  const elements = [...plan.tasks.values()].flatMap(({ spec, mappedGroup }) =>
    mappedGroup === null ? [] : [spec.taskId],
  );
  await requeueItems(
    on,
    instances.map(({ instanceId }) => instanceId),
    elements,
  );
  await reopenGroups(on, plan, instances);
  return instances;
}

/**
 * Where the outputs of an instance are. The input of a loop's next iteration is stored under the
 * group.
 */
function outputsOf(plan: Plan, one: SelectedInstance): readonly InstanceKey[] {
  if (plan.tasks.get(one.taskId)?.members.length) return [];
  const loop = loopDecidedBy(plan, one.taskId);
  return loop ? [one, { ...one, taskId: loop.group }] : [one];
}

async function clearExactly(
  on: Queryable,
  runName: string,
  instances: readonly SelectedInstance[],
): Promise<void> {
  refuseRunning(runName, instances);
  if (instances.length === 0) return;
  const moved = await applyTransitions(on, instances.map(clear));
  // A worker claimed an instance between the read and the move: the error undoes the whole.
  if (moved.length < instances.length) {
    const still = new Set(moved.map(({ id }) => id));
    const taken = instances
      .filter(({ instanceId }) => !still.has(instanceId))
      .map((one) => ({ ...one, state: "running" as const }));
    refuseRunning(runName, taken);
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
 * Reopens a run of which instances were changed. A running run goes on at once. One that had
 * ended waits for a slot first.
 */
export async function reopenRun(
  on: Queryable,
  tx: EngineTx,
  runId: number,
  reopening: Reopening,
): Promise<void> {
  const state = await reopenRunRow(on, runId, reopening);
  if (state === "running") await resumeRuns(on, tx, [runId]);
}

/** Clears all of a locked run that has ended, and makes it a run of a backfill. */
export async function redoRun(
  on: Queryable,
  tx: EngineTx,
  run: { readonly id: number; readonly runId: string },
  {
    backfill,
    ...reopening
  }: Reopening & { readonly backfill: { readonly id: number; readonly ordinal: number } },
): Promise<void> {
  const all = await allInstances(on, run.id);
  await clearExactly(on, run.runId, all);
  await clearXComs(on, all);
  await reopenRun(on, tx, run.id, reopening);
  await adoptRun(on, run.id, backfill);
}
