/**
 * Changes of counts, gathered: one row for each task of a run. A store that updates by joining these rows would apply only one of two rows
 * for the same task.
 */
import { COUNT_OF, NOTHING } from "./counts.ts";
import { isIteration } from "./loop.ts";
import type { PlannedTask } from "./plan.ts";
import type { Settled } from "./settled.ts";
import type { Counts, ProgressDelta } from "./store.ts";

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

  /** Adds an end, as its task counts it and the tasks after it do. */
  count({ spec, downstream }: PlannedTask, end: Settled): void {
    const { runId, taskId, mapIndex, state, leftOut } = end;
    for (const after of isIteration(spec, end) ? [] : downstream) countUpstream(this.at(runId, after), end, spec.allowFailure === true);
    if (mapIndex >= 0 && leftOut === undefined) this.at(runId, taskId).own[COUNT_OF[state]] += 1;
  }

  get rows(): readonly ProgressDelta[] {
    return [...this.#byTask.values()];
  }
}

/** One end as the tasks after it see it. An instance that is no more was counted before, and is not any longer. */
function countUpstream(row: Growing, { state, mapIndex, leftOut }: Settled, isAllowed: boolean): void {
  if (leftOut !== undefined) {
    // A list of which nothing is left counts as an empty one.
    row.upstreamTotal -= state === "skipped" ? leftOut - 1 : leftOut;
    if (state === "skipped") row.upstream.skipped += 1;
  } else if (state !== "removed" || mapIndex < 0) row.upstream[state === "failed" && isAllowed ? "success" : COUNT_OF[state]] += 1;
}
