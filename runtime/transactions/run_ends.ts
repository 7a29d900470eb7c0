/**
 * What follows a round of the engine, outside its transaction: runs of the same DAG may have waited for what ended in it. Whoever runs a
 * round calls this after it; what a process that dies in between leaves undone, the scheduler finds.
 */
import type { LockedRun } from "../engine/store.ts";
import type { Plans } from "../store/dags/plans.ts";
import type { Database } from "../store/database/database.ts";
import { createAssetRuns } from "./asset_runs.ts";
import { createEndRuns } from "./end_runs.ts";
import { pauseFailing } from "./pause_failing.ts";
import { releaseDependsOnPast } from "./release_depends_on_past.ts";
import { startQueuedRuns } from "./start_runs.ts";

export interface TransactionEnd {
  /** Runs that ended in the round. */
  readonly ended: readonly LockedRun[];
  /** DAGs in which a task may have waited for its past. */
  readonly dependsOnPastDags: readonly string[];
  /** Whether assets were updated in it, for which other DAGs may wait. */
  readonly updatedAssets?: boolean;
}

/** Lets go what waited for the round: tasks for their past, runs for a place, other DAGs for it. Pauses a DAG that failed too often. */
export async function afterTransaction(
  db: Database,
  plans: Plans,
  { ended, dependsOnPastDags, updatedAssets = false }: TransactionEnd,
): Promise<void> {
  if (updatedAssets) await createAssetRuns(db, plans);
  const all =
    dependsOnPastDags.length === 0
      ? ended
      : [...ended, ...(await releaseDependsOnPast(db, plans, dependsOnPastDags))];
  if (all.length === 0) return;
  await pauseFailing(db, all);
  await startQueuedRuns(db, plans, [...new Set(all.map(({ plan }) => plan.dagId))]);
  await createEndRuns(db, plans);
}

/** The same after something that people did, or time, to runs of these DAGs: what was changed there may be what others waited for. */
export async function afterChange(
  db: Database,
  plans: Plans,
  dagIds: readonly string[],
): Promise<void> {
  await releaseDependsOnPast(db, plans, dagIds);
  await startQueuedRuns(db, plans, dagIds);
}
