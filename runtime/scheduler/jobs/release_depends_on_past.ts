/**
 * Starts tasks that waited for the run before theirs. The process that ends a task does
 * this right after its commit. Every 5 s, and when a worker is lost, this job starts
 * those that were left over: by a process that died in between, or because another
 * transaction held their run.
 */
import type { Job } from "../../service/loop.ts";
import { dagsWithDependsOnPastWaits } from "../../store/waits/depends_on_past_wait.ts";
import { releaseDependsOnPast } from "../../transactions/release_depends_on_past.ts";
import { type JobContext, LEFT_MS } from "./context.ts";

export const releaseDependsOnPastJob = ({ db, plans }: JobContext): Job => ({
  name: "release_depends_on_past",
  everyMs: LEFT_MS,
  runOnce: async () => {
    const dagIds = await dagsWithDependsOnPastWaits(db);
    return (await releaseDependsOnPast(db, plans, dagIds)).length;
  },
});
