/**
 * Knows the child processes and threads that user code has started and that still live.
 */
import type { ChildProcess } from "node:child_process";
import { subscribe } from "node:diagnostics_channel";
import type { Worker } from "node:worker_threads";

const processes = new Set<ChildProcess>();
const threads = new Set<Worker>();

/** Begins to watch. Node publishes every process and thread when it is made. */
export function watchOffspring(): void {
  subscribe("child_process", (message) => {
    processes.add((message as { readonly process: ChildProcess }).process);
  });
  subscribe("worker_threads", (message) => {
    const { worker } = message as { readonly worker: Worker };
    threads.add(worker);
    worker.once("exit", () => threads.delete(worker));
  });
}

/**
 * How many still live. A child without a parent's attention writes into logs of later
 * tries.
 */
export function livingOffspring(): number {
  for (const child of processes)
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null)
      processes.delete(child);
  return processes.size + threads.size;
}
