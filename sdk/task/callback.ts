/**
 * Callbacks and deadlines: code that runs after an event of a task or a run, in a task
 * process of the run's version. A callback that fails changes only its own record.
 */
import type { Duration } from "../duration.ts";
import { invalidOption } from "../option_values.ts";
import type { TaskEvent } from "../spec/index.ts";
import type { TaskContext } from "./context.ts";

/**
 * What a callback gets. Hooks, connections and variables are there as in a task.
 * @example
 * const tell: Callback = ({ dagId, taskId, event, log }) =>
 *   log.warn(`${event} of ${dagId}.${taskId}`);
 */
export interface CallbackContext
  extends Omit<
    TaskContext,
    | "taskId"
    | "inputs"
    | "item"
    | "xcom"
    | "state"
    | "step"
    | "run"
    | "rendered"
    | "files"
    | "assets"
  > {
  /** Null for a callback of the run. */
  readonly taskId: string | null;
  /** The event that called; `"deadline"` for a missed deadline. */
  readonly event: TaskEvent | "deadline";
  /** Why the task or the run ended in its state, or which deadline was missed. */
  readonly reason: string | null;
  /** The error that ended the try; null when there was none. */
  readonly error: {
    readonly name: string;
    readonly message: string;
    readonly stack: string;
    /** Stable, such as `COMMAND_FAILED`; of errors that have one. */
    readonly code?: string;
  } | null;
  /**
   * The address of the task instance, or of the run, on the page; null when the worker
   * has no `DAG_BASE_URL`, and in `dag test`.
   */
  readonly url: string | null;
}

/**
 * Code that runs after an event, at least once, for at most five minutes. Its output
 * stands in the log of the task, or of the run. Airflow: on_failure_callback and its
 * like.
 * @example
 * const tell: Callback = async ({ dagId, taskId, reason, hook }) =>
 *   (await hook(discordHook("ops"))).send(`${dagId}.${taskId}: ${reason}`);
 */
export type Callback = (context: CallbackContext) => unknown;

/**
 * One callback, or several that run at the same time. One that fails does not stop the
 * others.
 * @example
 * const tellAll: Callbacks = [slackMessage({ slack: "ops" }), email({ smtp: "mail", to })];
 */
export type Callbacks = Callback | readonly Callback[];

/**
 * Callbacks of a task. In the `defaults` of a DAG they are callbacks of all its tasks.
 * @example
 * d.task(
 *   "load",
 *   { onFailure: tell, onRetry: ({ error, log }) => log.warn(error?.message ?? "") },
 *   load,
 * );
 */
export interface TaskCallbacks {
  /**
   * After the task succeeded. Also after a person marked it as success while it was
   * active.
   */
  readonly onSuccess?: Callbacks;
  /**
   * After the last try failed. Also after a person, a time limit, `failFast` or its group
   * ended the task as failed while it was active. Not for a task that is upstream_failed.
   */
  readonly onFailure?: Callbacks;
  /** After a try failed and another try follows. */
  readonly onRetry?: Callbacks;
  /**
   * After the task skipped itself, or its wait ended with `softFail`. Also after a
   * person, a time limit, `failFast` or its group ended it as skipped while it was
   * active. Not for a task that its trigger rule skipped.
   */
  readonly onSkipped?: Callbacks;
  /**
   * After a question (`d.ask`) opened, and at each of its `reminder`s. The subject of the
   * question is the `reason`. Without effect on other tasks.
   */
  readonly onAsk?: Callbacks;
}

/**
 * Callbacks of the runs of a DAG.
 * @example dag("report", { onFailure: tell });
 */
export interface RunCallbacks {
  /** After a run succeeded. */
  readonly onSuccess?: Callbacks;
  /** After a run failed. */
  readonly onFailure?: Callbacks;
}

/**
 * What a deadline is counted from: the creation of the run, its logical date, an ISO 8601
 * time, or the average time that runs took. Airflow: DeadlineReference.
 * @example const reference: DeadlineReference = "queuedAt";
 */
export type DeadlineReference = "queuedAt" | "logicalDate" | AverageRuntime | (string & {});

/**
 * A reference made by {@link averageRuntime}.
 * @example const usual: AverageRuntime = averageRuntime(10);
 */
export interface AverageRuntime {
  /** Tells it from other references. */
  readonly type: "averageRuntime";
  /** Over how many of the last successful runs the average is taken. */
  readonly runs: number;
}

/**
 * The time by which a run should have succeeded. Airflow: DeadlineAlert.
 * @example
 * dag("report", {
 *   deadlines: [{ reference: "queuedAt", interval: "4h", callback: tell }],
 * });
 */
export interface Deadline {
  /** `"queuedAt"`, `"logicalDate"`, an ISO 8601 time, or {@link averageRuntime}. */
  readonly reference: DeadlineReference;
  /** Added to the reference; may be negative. */
  readonly interval: Duration | `-${Duration}`;
  /** Called once for a run that has not succeeded by then. The run goes on. */
  readonly callback: Callbacks;
}

/**
 * Counts a deadline from the moment the run is created, plus the average time of the last
 * successful runs. Until the DAG has that many successful runs, its runs have no such
 * deadline.
 * @param runs from 1 to 1000
 * @throws DagsmithError INVALID_OPTION
 * @example
 * dag("report", {
 *   deadlines: [{ reference: averageRuntime(10), interval: "15m", callback: tell }],
 * });
 */
export function averageRuntime(runs: number): AverageRuntime {
  if (Number.isInteger(runs) && runs >= 1 && runs <= 1_000) return { type: "averageRuntime", runs };
  throw invalidOption("averageRuntime", "runs", String(runs), "a whole number from 1 to 1000");
}
