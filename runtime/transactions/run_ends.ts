/**
 * What follows a transaction of the engine, in further transactions: other runs may have
 * waited for what ended in it. The process that ran the transaction calls this next. When
 * it dies first, a job of the scheduler does the same.
 */
import type { LockedRun } from "../engine/store.ts";
import type { Plans } from "../store/dags/plans.ts";
import type { Database } from "../store/database/database.ts";
import { createAssetRuns } from "./asset_runs.ts";
import { endCallsOf } from "./end_calls.ts";
import { createEndRuns } from "./end_runs.ts";
import { makeCalls } from "./make_calls.ts";
import { pauseFailing } from "./pause_failing.ts";
import { releaseDependsOnPast } from "./release_depends_on_past.ts";
import { startQueuedRuns } from "./start_runs.ts";

export interface TransactionEnd {
  /** Runs that ended in the transaction. */
  readonly ended: readonly LockedRun[];
  /** DAGs in which a task may have waited for the run before. */
  readonly dependsOnPastDags: readonly string[];
  /** Whether assets were updated, for which other DAGs may wait. */
  readonly updatedAssets?: boolean;
  /** Whether tasks called other DAGs, whose runs must be created. */
  readonly calls?: boolean;
}

/**
 * Starts what waited for the transaction: tasks for the run before, queued runs for
 * `maxActiveRuns`, other DAGs for the ends and the assets. Pauses a DAG whose runs failed
 * too often.
 */
export async function afterTransaction(
  db: Database,
  plans: Plans,
  { ended, dependsOnPastDags, updatedAssets = false, calls = false }: TransactionEnd,
): Promise<void> {
  if (updatedAssets) await createAssetRuns(db, plans);
  if (calls) await afterAll(db, plans, await makeCalls(db, plans));
  const all =
    dependsOnPastDags.length === 0
      ? ended
      : [...ended, ...(await releaseDependsOnPast(db, plans, dependsOnPastDags))];
  if (all.length === 0) return;
  await pauseFailing(db, all);
  await startQueuedRuns(db, plans, [...new Set(all.map(({ plan }) => plan.dagId))]);
  await createEndRuns(db, plans);
  const called = all.flatMap(({ id, isCalled }) => (isCalled ? [id] : []));
  await afterAll(db, plans, await endCallsOf(db, plans, called));
}

/**
 * The same after each of several transactions. A run that ends the call of another run
 * may end that run, too: as deep as calls may go.
 */
export async function afterAll(
  db: Database,
  plans: Plans,
  transactions: readonly TransactionEnd[],
): Promise<void> {
  for (const one of transactions) await afterTransaction(db, plans, one);
}

/** The same after a person or a time-out changed runs of these DAGs. */
export async function afterChange(
  db: Database,
  plans: Plans,
  dagIds: readonly string[],
): Promise<void> {
  await releaseDependsOnPast(db, plans, dagIds);
  await startQueuedRuns(db, plans, dagIds);
}
