/**
 * The scheduler's heartbeat. Every second; the page and `dag doctor` show living
 * schedulers. No correctness depends on it.
 */
import type { Job } from "../../service/loop.ts";
import { recordSchedulerHeartbeat } from "../../store/fleet/scheduler.ts";
import { type JobContext, OFTEN_MS } from "./context.ts";

/** @param lateLoops the names of the scheduler's loops that are late now */
export const heartbeatJob = (
  { db }: JobContext,
  schedulerId: string,
  lateLoops: () => readonly string[],
): Job => ({
  name: "scheduler_heartbeat",
  everyMs: OFTEN_MS,
  staggerMs: 0,
  runOnce: async () => {
    await recordSchedulerHeartbeat(db, schedulerId, lateLoops());
    return 0;
  },
});
