/**
 * Ends a process of ours and its child processes when its parent was killed. The end of
 * the pipe to the parent shows that too, but only to an event loop that is free.
 */
import { Worker } from "node:worker_threads";

// Taken before user code is loaded, which may replace it.
const kill = process.kill.bind(process);
const pid = process.pid;

/** Kills the process group that this process leads: itself and its child processes. */
export function killGroup(): never {
  kill(-pid, "SIGKILL");
  // The signal is on its way.
  for (;;);
}

/**
 * Watches from a thread, which sees the parent exit even while user code blocks the event
 * loop.
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
