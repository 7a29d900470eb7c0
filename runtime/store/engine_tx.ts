/** The engine's store on PostgreSQL: one transaction, its runs locked. */
import type { EngineTx, LockedRun } from "../engine/store.ts";
import { recordAssetEvents } from "./asset.ts";
import { lockRuns, type RunRow, updateRuns } from "./dag_run.ts";
import type { Database, Queryable } from "./database.ts";
import type { Plans } from "./plans.ts";
import { applyTransitions, enqueueTries, insertInstances, releaseInstances } from "./task_instance.ts";
import { stateOf, storeLabels } from "./task_label.ts";
import { addProgress, createProgress, markDecided } from "./task_progress.ts";
import { clearXComs, getXComs, putXComs, RETURN_VALUE } from "./xcom.ts";

/** Runs one round of the engine in a transaction; repeated whole when the connection breaks. */
export function engineRound<Result>(db: Database, plans: Plans, round: (tx: EngineTx, on: Queryable) => Promise<Result>): Promise<Result> {
  return db.transaction((on) => round(engineTx(on, plans), on));
}

function engineTx(on: Queryable, plans: Plans): EngineTx {
  return {
    lockRuns: async (ids) => withPlans(on, plans, await lockRuns(on, ids)),
    apply: (transitions) => applyTransitions(on, transitions),
    storeOutputs: (outputs) =>
      putXComs(
        on,
        outputs.map((output) => ({ ...output, key: RETURN_VALUE })),
      ),
    updateAssets: async (updates) => void (await recordAssetEvents(on, updates)),
    clearXComs: (instances) => clearXComs(on, instances),
    output: async (runId, taskId, isMapped) => {
      const values = (await getXComs(on, [{ runId, taskId }])).map(({ value }) => value);
      return isMapped ? values : values[0];
    },
    stateOf: (runId, taskId) => stateOf(on, runId, taskId),
    storeLabels: (labels) => storeLabels(on, labels),
    addProgress: (deltas) => addProgress(on, deltas),
    createProgress: (rows) => createProgress(on, rows),
    commitDecisions: async ({ instances, tokens, releases, decided, runs }) => {
      await insertInstances(on, instances);
      await releaseInstances(on, releases);
      await enqueueTries(on, tokens);
      await markDecided(on, decided);
      await updateRuns(on, runs);
    },
  };
}

/** Run rows with the plans of their versions. */
export async function withPlans(on: Queryable, plans: Plans, rows: readonly RunRow[]): Promise<readonly LockedRun[]> {
  const versions = await plans.get(
    on,
    rows.map((row) => row.version_id),
  );
  return rows.flatMap((row) => {
    const version = versions.get(row.version_id);
    return version
      ? [{ id: row.id, state: row.state, plan: version.plan, openTasks: row.open_tasks, failedLeaves: row.failed_leaves }]
      : [];
  });
}
