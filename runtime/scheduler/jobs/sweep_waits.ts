/**
 * Deletes waits, and closes questions, of instances that no longer wait. Every 30 s: such
 * a row is never read, and only takes space.
 */
import type { Job } from "../../service/loop.ts";
import { closeQuestions } from "../../store/waits/question.ts";
import { sweepWaits } from "../../store/waits/task_wait.ts";
import { type JobContext, SELDOM_MS } from "./context.ts";

export const sweepWaitsJob = ({ db }: JobContext): Job => ({
  name: "sweep_waits",
  everyMs: SELDOM_MS,
  runOnce: async () => {
    await sweepWaits(db);
    await closeQuestions(db);
    return 0;
  },
});
