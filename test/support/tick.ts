/**
 * What the scheduler's jobs that create and start runs do within a second, one after the
 * other.
 */
import { advanceBackfills } from "../../runtime/scheduler/jobs/advance_backfills.ts";
import { createDueRuns } from "../../runtime/scheduler/jobs/create_runs.ts";
import { startRunsLeftQueued } from "../../runtime/scheduler/jobs/start_runs.ts";
import type { Plans } from "../../runtime/store/dags/plans.ts";
import type { Database } from "../../runtime/store/database/database.ts";
import { createAssetRuns } from "../../runtime/transactions/asset_runs.ts";
import { createEndRuns } from "../../runtime/transactions/end_runs.ts";
import { grantSlots } from "../../runtime/transactions/engine_tx.ts";

/** @returns how many runs were created */
export async function tick(db: Database, plans: Plans): Promise<number> {
  const due = await createDueRuns(db, plans);
  await advanceBackfills(db, plans);
  const ofAssets = await createAssetRuns(db, plans);
  const ofEnds = await createEndRuns(db, plans);
  await startRunsLeftQueued({ db, plans });
  await grantSlots(db, plans);
  return due + ofAssets + ofEnds;
}
