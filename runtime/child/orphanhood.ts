/**
 * Ends a process of ours when its parent was killed. The end of the pipe to the parent
 * shows that too, but only to an event loop that is free.
 */
import { Worker } from "node:worker_threads";

/**
 * Watches from a thread, which sees the parent exit even while user code blocks the event
 * loop. Then it kills this process and its children (it leads its process group).
 */
export function dieWithParent(): void {
  // Read here: the thread may start only after the parent has exited.
  const parent = process.ppid;
  const script = `setInterval(() => { if (process.ppid !== ${parent}) process.kill(-process.pid, "SIGKILL"); }, 1000);`;
  new Worker(script, {
    eval: true,
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2 },
  }).unref();
}
