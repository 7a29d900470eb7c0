/**
 * Starts queued runs of DAGs that have capacity for them. The process that creates or
 * ends a run does this right after. Every second this job starts those that a process
 * that died in between left over: nearly always there is none.
 */
import type { Job } from "../../service/loop.ts";
import { dagsLeftWaiting } from "../../store/dags/dag.ts";
import { startQueuedRuns } from "../../transactions/start_runs.ts";
import { type JobContext, OFTEN_MS } from "./context.ts";

/** @returns how many DAGs had a run that could start */
export async function startRunsLeftQueued({
  db,
  plans,
}: Pick<JobContext, "db" | "plans">): Promise<number> {
  const dagIds = await dagsLeftWaiting(db);
  if (dagIds.length > 0) await startQueuedRuns(db, plans, dagIds);
  return dagIds.length;
}

export const startRunsJob = (context: JobContext): Job => ({
  name: "start_runs",
  everyMs: OFTEN_MS,
  runOnce: () => startRunsLeftQueued(context),
});
