/**
 * Grants slots that become free by time alone: a retry is due, the window of a rate limit
 * has passed. The end of a task grants its slots itself. Every second; it also grants
 * slots that a process that died left free.
 */
import type { Job } from "../../service/loop.ts";
import { grantSlots } from "../../transactions/engine_tx.ts";
import { type JobContext, OFTEN_MS } from "./context.ts";

export const grantSlotsJob = ({ db, plans }: JobContext): Job => ({
  name: "grant_slots",
  everyMs: OFTEN_MS,
  runOnce: async () => {
    await grantSlots(db, plans);
    return 0;
  },
});
