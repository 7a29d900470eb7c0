/** Ends a process of ours when its parent was killed. The parent's end of a pipe closing says so too, but only to an event loop that turns. */
import { Worker } from "node:worker_threads";

/**
 * Watches from a thread, which sees the parent go even while user code never yields; then kills this process and all it started (it leads
 * its process group).
 */
export function dieWithParent(): void {
  // Read here: the thread may start only after the parent is gone.
  const parent = process.ppid;
  const script = `setInterval(() => { if (process.ppid !== ${parent}) process.kill(-process.pid, "SIGKILL"); }, 1000);`;
  new Worker(script, {
    eval: true,
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2 },
  }).unref();
}
