/**
 * Clearing: instances that ended, or wait, are put back to before their turn, and their run goes on. One transaction; the run is held, so that
 * nothing of it moves meanwhile but a worker that takes up a try, and then the guard of the move refuses.
 */

import { DagsmithError } from "../../sdk/errors.ts";
import type { Json } from "../../sdk/json.ts";
import type { InstanceKey } from "../engine/counts/scope.ts";
import { loopDecidedBy } from "../engine/plan/loop.ts";
import type { Plan } from "../engine/plan/plan.ts";
import type { EngineTx } from "../engine/store.ts";
import type { RunState } from "../state/run_state.ts";
import { clear } from "../state/transition.ts";
import type { Queryable, Statement } from "../store/database/database.ts";
import { allInstances, type SelectedInstance } from "../store/instances/instance_selection.ts";
import { NO_MORE } from "../store/instances/recreate.ts";
import { applyTransitions } from "../store/instances/task_instance.ts";
import { rememberGeneration } from "../store/runs/run_generation.ts";
import { clearXComs } from "../store/values/xcom.ts";
import { idleGroupsAround, reopenGroups } from "./clear_groups.ts";
import { resumeRuns } from "./resume_runs.ts";

// An item of a mapped task of which others stay as they are: its task's turn has come already, so it only waits for a place. What is within a
// mapped group, $2, waits for its turn at its element.
const REQUEUE_ITEMS: Statement = {
  name: "task_instance_requeue_items",
  text: `
update dagsmith.task_instance t set state = 'scheduled'
where t.id = any($1) and t.task_id <> all($2) and t.map_index >= 0 and t.state = 'none' and exists (
  select from dagsmith.task_instance o where o.run_id = t.run_id and o.task_id = t.task_id and o.map_index >= 0 and o.state <> 'none'
    and not (o.state = 'removed' and o.reason = '${NO_MORE}'))`,
};

const REOPEN: Statement = {
  name: "dag_run_reopen",
  text: `
update dagsmith.dag_run r
set generation = generation + 1, version_id = coalesce($2, version_id), params = coalesce($3, params),
  state = case when state = 'running' then 'running' else 'queued' end,
  queued_at = case when state = 'running' then queued_at else now() end,
  started_at = case when state = 'running' then started_at end,
  timeout_at = case when state = 'running' then timeout_at end,
  reason = case when state = 'running' then reason end,
  finished_at = null,
  backfill_id = (select b.id from dagsmith.backfill b where b.id = r.backfill_id and b.ended_at is null)
where id = $1 returning state`,
};

/**
 * Clears instances of a run that is locked, and with them the groups around them that do not run. The run is not taken up yet: {@link reopenRun}
 * does that.
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
  await on.query(REQUEUE_ITEMS, [instances.map(({ instanceId }) => instanceId), elements]);
  await reopenGroups(on, plan, instances);
  return instances;
}

/** What an instance left: its own output, and of the task that a loop goes on with the next iteration's beginning, which lies with the group. */
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
  // A worker took one up between reading and moving: the whole is undone.
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

/** What else changes when a run is taken up again; what is null stays. */
export interface Reopening {
  readonly versionId: number | null;
  readonly params: Json | undefined;
}

/**
 * Lets a run go on whose instances were changed: at once when it is running; one that had ended waits for a place first. A run of a backfill
 * that is over counts among its DAG's own from now on.
 */
export async function reopenRun(
  on: Queryable,
  tx: EngineTx,
  runId: number,
  { versionId, params }: Reopening,
): Promise<void> {
  const given = params === undefined ? null : JSON.stringify(params);
  if (versionId !== null || given !== null) await rememberGeneration(on, runId, versionId, given);
  const [row] = await on.query<{ state: RunState }>(REOPEN, [runId, versionId, given]);
  if (row?.state === "running") await resumeRuns(on, tx, [runId]);
}

const ADOPT: Statement = {
  name: "dag_run_adopt",
  text: "update dagsmith.dag_run set run_type = 'backfill', backfill_id = $2, backfill_ordinal = $3 where id = $1",
};

/** Clears all of a run that is locked and has ended; from now on it is a backfill's. */
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
  await on.query(ADOPT, [run.id, backfill.id, backfill.ordinal]);
}
