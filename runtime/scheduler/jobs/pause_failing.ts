/**
 * Pauses DAGs whose last runs failed. The process that ends a run does this right after
 * its commit. This job does it for a process that died in between, and for a DAG that
 * another transaction held.
 */
import type { Job } from "../../service/loop.ts";
import { pauseLeftOver } from "../../transactions/pause_failing.ts";
import { type JobContext, LEFT_MS } from "./context.ts";

export const pauseFailingJob = ({ db }: JobContext): Job => ({
  name: "pause_failing",
  did: "dags_paused",
  everyMs: LEFT_MS,
  runOnce: () => pauseLeftOver(db),
});
