/**
 * Removes the files of values, and the files of tasks, that no longer exist: cleared,
 * replaced, deleted with their run, or never recorded because their worker died; and the
 * temporary folders of dead workers on this machine. Runs every 30 s: a file that is left
 * over costs only space.
 */
import type { Job } from "../service/loop.ts";

const EVERY_MS = 30_000;

/** What has files to remove. */
interface Swept {
  /** @returns how many were removed; 0 when none is left */
  sweep(): Promise<number>;
}

/**
 * The job of one worker. A file that one pass could not remove is found by the next pass.
 */
export function sweepFiles(stores: readonly Swept[]): Job {
  return {
    name: "sweep_files",
    everyMs: EVERY_MS,
    // Workers that started together share the files, and should not look for them at the
    // same time.
    staggerMs: EVERY_MS,
    runOnce: async ({ signal }) => {
      let removed = 0;
      for (const store of stores) removed += await sweepAll(store, signal);
      return removed;
    },
  };
}

async function sweepAll(store: Swept, signal: AbortSignal): Promise<number> {
  for (let removed = 0; ; ) {
    const count = signal.aborted ? 0 : await store.sweep();
    removed += count;
    if (count === 0) return removed;
  }
}
