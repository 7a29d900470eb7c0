/**
 * Creates runs of DAGs that start when runs of other DAGs end. The process that ended
 * such a run creates them right after. Every second this job creates those that a process
 * that died in between left over.
 */
import type { Job } from "../../service/loop.ts";
import { createEndRuns } from "../../transactions/end_runs.ts";
import { type JobContext, OFTEN_MS } from "./context.ts";

export const createEndRunsJob = ({ db, plans }: JobContext): Job => ({
  name: "create_end_runs",
  did: "runs_created",
  everyMs: OFTEN_MS,
  runOnce: () => createEndRuns(db, plans),
});
