/**
 * Removes the files of values that no longer exist: cleared, replaced, deleted with their
 * run, or never recorded because their worker died. Runs every 30 s: a file that is left
 * over costs only space.
 */
import type { Job } from "../service/loop.ts";
import type { Spill } from "./spill.ts";

const EVERY_MS = 30_000;

/**
 * The job of one worker. A file that one pass could not remove is found by the next pass.
 */
export function sweepFiles(spill: Spill): Job {
  return {
    name: "sweep_files",
    everyMs: EVERY_MS,
    // Workers that started together share the files, and should not look for them at the
    // same time.
    staggerMs: EVERY_MS,
    failed: "files of large values could not be removed",
    runOnce: async ({ signal }) => {
      for (let removed = 0; ; ) {
        const count = signal.aborted ? 0 : await spill.sweep();
        removed += count;
        if (count === 0) return removed;
      }
    },
  };
}
