/**
 * Unlocks queue jobs that were locked by a worker which never received them: the answer
 * was lost with its connection. Every 30 s, and when a worker is lost. The queue itself
 * would unlock them after four hours.
 */
import type { Job } from "../../service/loop.ts";
import { unlockOrphanedJobs } from "../../store/fleet/orphaned_job.ts";
import { type JobContext, SELDOM_MS } from "./context.ts";

export const unlockJobsJob = ({ db }: JobContext): Job => ({
  name: "unlock_jobs",
  did: "jobs_unlocked",
  everyMs: SELDOM_MS,
  runOnce: () => unlockOrphanedJobs(db),
});
