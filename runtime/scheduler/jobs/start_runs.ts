/**
 * Starts queued runs of DAGs that have room for them. Whoever creates or ends a run does this right after;
 * every second this job finds what a process that died in between left behind, which is nothing nearly always.
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
