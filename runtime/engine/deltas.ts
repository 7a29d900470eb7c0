/**
 * Changes of counts, gathered: one row for each task of a run. A store that updates by joining these rows would apply only one of two rows
 * for the same task.
 */
import type { FinalState } from "../state/task_state.ts";
import type { Counts, ProgressDelta } from "./store.ts";

export const NOTHING: Counts = { success: 0, failed: 0, skipped: 0, upstreamFailed: 0, removed: 0 };

export const COUNT_OF: Readonly<Record<FinalState, keyof Counts>> = {
  success: "success",
  failed: "failed",
  skipped: "skipped",
  upstream_failed: "upstreamFailed",
  removed: "removed",
};

interface Growing extends ProgressDelta {
  upstreamTotal: number;
  readonly upstream: Record<keyof Counts, number>;
  readonly own: Record<keyof Counts, number>;
}

export class Deltas {
  readonly #byTask = new Map<string, Growing>();

  /** The row of a task, to be added to. */
  at(runId: number, taskId: string): Growing {
    const key = `${runId}/${taskId}`;
    const row = this.#byTask.get(key) ?? { runId, taskId, upstreamTotal: 0, upstream: { ...NOTHING }, own: { ...NOTHING } };
    this.#byTask.set(key, row);
    return row;
  }

  get rows(): readonly ProgressDelta[] {
    return [...this.#byTask.values()];
  }
}
