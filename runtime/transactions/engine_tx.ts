/** The engine's store on PostgreSQL: one transaction, its runs locked. */

import { partition } from "../../sdk/list.ts";
import { refuseAll } from "../engine/advance/refuse.ts";
import { mayHoldSlots } from "../engine/limits/limits.ts";
import { allWithin, type PlannedTask } from "../engine/plan/plan.ts";
import {
  type EngineTx,
  IN_A_FILE,
  type LockedRun,
  type MovedInstance,
  type NewInstance,
} from "../engine/store.ts";
import type { Plans } from "../store/dags/plans.ts";
import type { Database, Queryable } from "../store/database/database.ts";
import {
  beginGroups,
  clearWithin,
  removeWithin,
  runningGroups,
} from "../store/instances/group_instance.ts";
import { endsOf, unfinishedInstances } from "../store/instances/instance_states.ts";
import { removeLeftOver, reviveInstances } from "../store/instances/recreate.ts";
import {
  applyTransitions,
  enqueueTries,
  insertInstances,
  releaseInstances,
} from "../store/instances/task_instance.ts";
import { storeLabels } from "../store/instances/task_label.ts";
import { addProgress, createProgress, markDecided } from "../store/instances/task_progress.ts";
import { admitWaiting } from "../store/limits/admit.ts";
import { requestSlots } from "../store/limits/slot_request.ts";
import { lockRuns, type RunRow, runDates, updateRuns } from "../store/runs/dag_run.ts";
import { recordAssetEvents } from "../store/sources/asset.ts";
import {
  clearXComs,
  getOutputsAt,
  getXComs,
  putXComs,
  RETURN_VALUE,
} from "../store/values/xcom.ts";
import { queueCallbacks, queueRunCallbacks } from "../store/waits/callback.ts";
import {
  dependsOnPastMet,
  endDependsOnPastWaits,
  recordDependsOnPastWaits,
} from "../store/waits/depends_on_past_wait.ts";
import { insertWaiting } from "../store/waits/task_wait.ts";

/**
 * Runs one round of the engine in a transaction; repeated whole when the connection breaks. Where tasks with limits moved in it, places are
 * given right after.
 */
export async function engineRound<Result>(
  db: Database,
  plans: Plans,
  round: (tx: EngineTx, on: Queryable) => Promise<Result>,
): Promise<Result> {
  const { result, touchedLimits } = await db.transaction(async (on) => {
    const limited = { touched: false };
    return {
      result: await round(engineTx(on, plans, limited), on),
      touchedLimits: limited.touched,
    };
  });
  // What is committed is done: places that could not be given now are given at the scheduler's next tick.
  if (touchedLimits) await grantSlots(db, plans).catch(() => undefined);
  return result;
}

/** Gives every free place, and ends the instances that can never get one. */
export async function grantSlots(db: Database, plans: Plans): Promise<void> {
  for (;;) {
    const ungrantable = await admitWaiting(db);
    if (ungrantable.length === 0) return;
    const ended = await db.transaction((on) =>
      refuseAll(engineTx(on, plans, { touched: false }), ungrantable),
    );
    if (ended === 0) return;
  }
}

function engineTx(on: Queryable, plans: Plans, limited: { touched: boolean }): EngineTx {
  const locked = new Map<number, LockedRun>();
  // Runs of which instances were cleared: what they make may exist already.
  const cleared = new Set<number>();
  const plannedOf = (runId: number, taskId: string): PlannedTask | undefined =>
    locked.get(runId)?.plan.tasks.get(taskId);
  const isLimitedTask = ({ runId, taskId }: MovedInstance): boolean => {
    const run = locked.get(runId);
    const task = plannedOf(runId, taskId);
    return run !== undefined && task !== undefined && mayHoldSlots(task.route, run);
  };
  const leftWithin = ({
    runId,
    taskId: group,
  }: NewInstance): Parameters<typeof removeWithin>[1] => {
    const plan = locked.get(runId)?.plan;
    return plan && plannedOf(runId, group)?.spec.each
      ? allWithin(plan, group).map((taskId) => ({ runId, group, taskId }))
      : [];
  };
  return {
    lockRuns: async (ids) => {
      const rows = await lockRuns(on, ids);
      for (const row of rows) if (row.generation > 0) cleared.add(row.id);
      const runs = await withPlans(on, plans, rows);
      for (const run of runs) locked.set(run.id, run);
      return runs;
    },
    apply: async (transitions) => {
      const moved = await applyTransitions(on, transitions);
      if (moved.some(isLimitedTask)) limited.touched = true;
      return moved;
    },
    storeOutputs: (outputs) =>
      putXComs(
        on,
        outputs.map((output) => ({ ...output, key: RETURN_VALUE })),
      ),
    queueCallbacks: (callbacks) => queueCallbacks(on, callbacks),
    updateAssets: async (updates) => void (await recordAssetEvents(on, updates)),
    clearXComs: (instances) => clearXComs(on, instances),
    output: async (runId, taskId, mapIndex) => {
      const found = await (mapIndex === "all"
        ? getXComs(on, [{ runId, taskId }])
        : getOutputsAt(on, [{ runId, taskId, mapIndex }]));
      if (found.some(({ file }) => file !== null)) return IN_A_FILE;
      const values = found.map(({ value }) => value);
      return mapIndex === "all" ? values : values[0];
    },
    endsOf: (runId, taskIds, mapIndex) => endsOf(on, runId, taskIds, mapIndex),
    unfinished: (runId) => unfinishedInstances(on, runId),
    runDates: (runId) => runDates(on, runId),
    dependsOnPastMet: (questions) => dependsOnPastMet(on, plans, questions),
    storeLabels: (labels) => storeLabels(on, labels),
    addProgress: (deltas) => addProgress(on, deltas),
    createProgress: (rows) => createProgress(on, rows),
    groups: (of) => runningGroups(on, of),
    beginGroups: (release, wait) => beginGroups(on, release, wait),
    clearWithin: async (group, taskIds) => {
      cleared.add(group.runId);
      return clearWithin(on, group, taskIds);
    },
    commitDecisions: async ({ instances, tokens, releases, decided, runs, past }) => {
      const [asking, free] = partition(tokens, ({ route }) => route.reservations.length > 0);
      if (asking.length > 0 || instances.some(({ route }) => route.reservations.length > 0))
        limited.touched = true;
      const [waiting, others] = partition(instances, ({ wait }) => wait !== undefined);
      const [again, fresh] = partition(others, ({ runId }) => cleared.has(runId));
      await insertInstances(on, [...fresh, ...(await reviveInstances(on, again))]);
      await insertWaiting(on, waiting);
      const whole = [...again, ...waiting].filter(
        ({ runId, taskId }) => cleared.has(runId) && plannedOf(runId, taskId)?.mappedIn === null,
      );
      await removeLeftOver(on, whole);
      await removeWithin(on, whole.flatMap(leftWithin));
      await releaseInstances(on, releases);
      await enqueueTries(on, free);
      await requestSlots(on, asking);
      await markDecided(on, decided);
      await updateRuns(on, runs);
      const watched = runs.filter(
        ({ id, state }) => state !== "running" && locked.get(id)?.plan.isWatched,
      );
      await queueRunCallbacks(
        on,
        watched.map(({ id }) => id),
      );
      await endDependsOnPastWaits(on, past.ended);
      await recordDependsOnPastWaits(on, past.waits);
    },
  };
}

/** Run rows with the plans of their versions. */
export async function withPlans(
  on: Queryable,
  plans: Plans,
  rows: readonly RunRow[],
): Promise<readonly LockedRun[]> {
  const versions = await plans.get(
    on,
    rows.map((row) => row.version_id),
  );
  return rows.flatMap((row) => {
    const version = versions.get(row.version_id);
    return version
      ? [
          {
            ...{
              id: row.id,
              state: row.state,
              plan: version.plan,
              openTasks: row.open_tasks,
              failedLeaves: row.failed_leaves,
            },
            ...{
              warnings: row.warnings,
              isGloballyLimited: row.is_globally_limited,
              isBackfill: row.backfill_id !== null,
            },
          },
        ]
      : [];
  });
}
