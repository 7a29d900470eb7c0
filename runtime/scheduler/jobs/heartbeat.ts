/**
 * The scheduler's heartbeat. Every second; the page and `dag doctor` show living
 * schedulers. No correctness depends on it.
 */
import type { Job } from "../../service/loop.ts";
import { recordSchedulerHeartbeat } from "../../store/fleet/scheduler.ts";
import { type JobContext, OFTEN_MS } from "./context.ts";

export const heartbeatJob = ({ db }: JobContext, schedulerId: string): Job => ({
  name: "scheduler_heartbeat",
  everyMs: OFTEN_MS,
  staggerMs: 0,
  runOnce: async () => {
    await recordSchedulerHeartbeat(db, schedulerId);
    return 0;
  },
});
