/**
 * Callbacks and deadlines as plain data: which events have a callback. The code stays in
 * the bundle.
 */

/** Events of a task instance that can have a callback. */
export const TASK_EVENTS = ["onSuccess", "onFailure", "onRetry", "onSkipped", "onAsk"] as const;
/** One of {@link TASK_EVENTS}. */
export type TaskEvent = (typeof TASK_EVENTS)[number];

/** Events of a run that can have a callback, besides a missed deadline. */
export const RUN_EVENTS = ["onSuccess", "onFailure"] as const;
/** One of {@link RUN_EVENTS}. */
export type RunEvent = (typeof RUN_EVENTS)[number];

/** A deadline of the runs of a DAG. */
export type DeadlineSpec = {
  /** Added to the reference; negative for a time before it. */
  readonly intervalMs: number;
} & (
  | { readonly type: "queuedAt" | "logicalDate" }
  | {
      readonly type: "fixed";
      /** ISO 8601 in UTC. */
      readonly at: string;
    }
  | {
      readonly type: "averageRuntime";
      /** Over how many successful runs the average is taken. */
      readonly runs: number;
    }
);
