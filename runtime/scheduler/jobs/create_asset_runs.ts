/**
 * Creates runs of DAGs whose assets were updated. The process that updated an asset
 * creates them right after its commit. Every second this job creates those that a process
 * that died in between left over.
 */
import type { Job } from "../../service/loop.ts";
import { createAssetRuns } from "../../transactions/asset_runs.ts";
import { type JobContext, OFTEN_MS } from "./context.ts";

export const createAssetRunsJob = ({ db, plans }: JobContext): Job => ({
  name: "create_asset_runs",
  did: "runs_created",
  everyMs: OFTEN_MS,
  runOnce: () => createAssetRuns(db, plans),
});
