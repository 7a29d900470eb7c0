/** The progress of all tasks of a group together. */

import type { ShownState } from "../../words/shown_state.ts";
import { gatheredState } from "./group_state.ts";

/** The values of a task that count. */
interface CountedTask {
  readonly state: ShownState;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  /** It failed, and its failure is allowed. */
  readonly warning: boolean;
}

export interface GroupProgress extends Omit<CountedTask, "warning"> {
  readonly tasks: number;
  readonly successes: number;
  /** Failures that are allowed. */
  readonly warnings: number;
}

/**
 * From the first start to the last end. Without an end while a task runs or has not
 * started.
 */
export function groupProgress(tasks: readonly CountedTask[]): GroupProgress {
  const starts = tasks.flatMap(({ startedAt }) => startedAt?.getTime() ?? []);
  const ends = tasks.flatMap(({ finishedAt }) => finishedAt?.getTime() ?? []);
  return {
    state: gatheredState(tasks.map(({ state }) => state)),
    startedAt: starts.length === 0 ? null : new Date(Math.min(...starts)),
    finishedAt: ends.length < tasks.length ? null : new Date(Math.max(...ends)),
    tasks: tasks.length,
    successes: tasks.filter(({ state }) => state === "success").length,
    warnings: tasks.filter(({ warning }) => warning).length,
  };
}
