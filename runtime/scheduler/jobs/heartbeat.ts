/** The scheduler's heartbeat. Every second; a page and `dag doctor` show who is alive, and no correctness depends on it. */
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
