/**
 * Changes of counts, gathered: one row for each place that counts. A store that updates by joining these rows would apply only one of two rows
 * for the same place.
 */

import type { Settled } from "../advance/finished_instance.ts";
import { isIteration } from "../plan/loop.ts";
import type { PlannedTask } from "../plan/plan.ts";
import type { Counted, Counts, ProgressDelta } from "../store.ts";
import { COUNT_OF, NOTHING } from "./counts.ts";

interface Growing extends ProgressDelta {
  upstreamTotal: number;
  readonly upstream: Record<keyof Counts, number>;
  readonly own: Record<keyof Counts, number>;
}

export class Deltas {
  readonly #byPlace = new Map<string, Growing>();

  /** The row of a task, to be added to. @param mapIndex -1, but for a task within a mapped group */
  at(runId: number, taskId: string, mapIndex: number): Growing {
    const key = scopeKey({ runId, taskId, mapIndex });
    const row = this.#byPlace.get(key) ?? {
      runId,
      taskId,
      mapIndex,
      upstreamTotal: 0,
      upstream: { ...NOTHING },
      own: { ...NOTHING },
    };
    this.#byPlace.set(key, row);
    return row;
  }

  /** Adds an end, as its task counts it and the tasks after it do. */
  count(task: PlannedTask, end: Settled): void {
    const { runId, taskId, mapIndex, state, leftOut } = end;
    const place = scopeOf(task, mapIndex);
    const { spec, downstream } = task;
    for (const after of isIteration(spec, end) ? [] : downstream)
      countUpstream(this.at(runId, after, place), task, end, spec.allowFailure === true);
    // What is within a mapped group decides nothing together; people want to see how many have ended nevertheless.
    if (mapIndex >= 0 && leftOut === undefined)
      this.at(runId, taskId, -1).own[COUNT_OF[state]] += 1;
  }

  get rows(): readonly ProgressDelta[] {
    return [...this.#byPlace.values()];
  }
}

/** Where an instance of a task is counted. */
export function scopeOf({ mappedIn }: PlannedTask, mapIndex: number): number {
  return mappedIn === null ? -1 : mapIndex;
}

/** Whether an instance is all that its task has at its place, and not one of a list or a loop. */
export function isWhole({ mappedIn }: PlannedTask, mapIndex: number): boolean {
  return mappedIn !== null || mapIndex < 0;
}

export function scopeKey({ runId, taskId, mapIndex }: Counted): string {
  return `${runId}/${taskId}/${mapIndex}`;
}

/** One end as the tasks after it see it. An instance that is no more was counted before, and is not any longer. */
function countUpstream(
  row: Growing,
  task: PlannedTask,
  { state, mapIndex, leftOut }: Settled,
  isAllowed: boolean,
): void {
  if (leftOut !== undefined) {
    // A list of which nothing is left counts as an empty one.
    row.upstreamTotal -= state === "skipped" ? leftOut - 1 : leftOut;
    if (state === "skipped") row.upstream.skipped += 1;
  } else if (state !== "removed" || isWhole(task, mapIndex))
    row.upstream[state === "failed" && isAllowed ? "success" : COUNT_OF[state]] += 1;
}
