/**
 * Callbacks and deadlines as people write them: code that runs after something happened to a task or a run, in a task process of the run's
 * version. A callback that fails changes nothing but its own record.
 */

import { type Duration, durationMs } from "../duration.ts";
import { utcInstant } from "../instant.ts";
import { invalidOption } from "../option_values.ts";
import type { DeadlineSpec, TaskEvent } from "../spec/index.ts";
import type { TaskContext } from "./context.ts";

/** What a callback is given. Hooks, connections and variables are there as in a task. */
export interface CallbackContext
  extends Omit<TaskContext, "taskId" | "inputs" | "item" | "xcom" | "assets"> {
  /** Null for a callback of the run. */
  readonly taskId: string | null;
  readonly event: TaskEvent | "deadline";
  /** Why the task or the run ended as it did, or which deadline was missed. */
  readonly reason: string | null;
  /** What the try threw. */
  readonly error: {
    readonly name: string;
    readonly message: string;
    readonly stack: string;
  } | null;
}

/**
 * Code that runs after something happened, at least once, within five minutes. What it logs stands in the log of the task, or of the run.
 * @example const tell: Callback = async ({ dagId, taskId, reason, hook }) => (await hook(discordHook("ops"))).send(`${dagId}.${taskId}: ${reason}`);
 */
export type Callback = (context: CallbackContext) => unknown;

/** Callbacks of a task; given in `defaults` of a DAG, of all its tasks. */
export interface TaskCallbacks {
  /** After the task succeeded, or was marked so when it had begun. */
  readonly onSuccess?: Callback;
  /** After its last try failed, or others ended it as failed when it had begun; not when it could not run because of another task. */
  readonly onFailure?: Callback;
  /** After a try failed that another follows. */
  readonly onRetry?: Callback;
  /** After the task skipped itself, its wait ended softly, or others ended it as skipped when it had begun; not when a trigger rule skipped it. */
  readonly onSkipped?: Callback;
}

/** Callbacks of a DAG's runs. */
export interface RunCallbacks {
  readonly onSuccess?: Callback;
  readonly onFailure?: Callback;
}

/** What a deadline is counted from. */
export type DeadlineReference = "queuedAt" | "logicalDate" | AverageRuntime | (string & {});

/** Made by {@link averageRuntime}. */
export interface AverageRuntime {
  readonly type: "averageRuntime";
  readonly runs: number;
}

/** By when a run should have succeeded. */
export interface Deadline {
  /** `"queuedAt"`, `"logicalDate"`, an ISO 8601 time, or {@link averageRuntime}. */
  readonly reference: DeadlineReference;
  /** Added to the reference; may be negative. */
  readonly interval: Duration | `-${Duration}`;
  /** Called once for a run that has not succeeded by then. The run goes on. */
  readonly callback: Callback;
}

/**
 * Counts a deadline from the moment the run is created plus the average time that the last runs took which succeeded. Before the DAG has
 * that many, its runs have no such deadline.
 * @throws DagsmithError INVALID_OPTION
 * @example dag("report", { deadlines: [{ reference: averageRuntime(10), interval: "15m", callback: tell }] })
 */
export function averageRuntime(runs: number): AverageRuntime {
  if (Number.isInteger(runs) && runs >= 1 && runs <= 1_000) return { type: "averageRuntime", runs };
  throw invalidOption("averageRuntime", "runs", String(runs), "a whole number from 1 to 1000");
}

/** The names of the callbacks that are set, checked. */
export function describeCallbacks<Event extends TaskEvent>(
  options: Readonly<Partial<Record<Event, unknown>>>,
  events: readonly Event[],
  where: string,
): readonly Event[] {
  return events.filter((event) => {
    const callback = options[event];
    if (callback !== undefined && typeof callback !== "function") {
      throw invalidOption(where, event, typeof callback, "a function");
    }
    return callback !== undefined;
  });
}

/** @throws DagsmithError INVALID_OPTION, INVALID_DURATION, INVALID_DATE */
export function describeDeadlines(
  deadlines: readonly Deadline[],
  timezone: string,
  where: string,
): readonly DeadlineSpec[] {
  return deadlines.map(({ reference, interval, callback }) => {
    const place = `a deadline of ${where}`;
    describeCallbacks({ onFailure: callback }, ["onFailure"], place);
    if (callback === undefined) throw invalidOption(place, "callback", "missing", "a function");
    const text = String(interval);
    const isNegative = text.startsWith("-");
    const ms = durationMs((isNegative ? text.slice(1) : text) as Duration);
    return { intervalMs: isNegative ? -ms : ms, ...referenceSpec(reference, timezone, place) };
  });
}

function referenceSpec(
  reference: DeadlineReference,
  zone: string,
  where: string,
):
  | { readonly type: "queuedAt" | "logicalDate" }
  | { readonly type: "fixed"; readonly at: string }
  | AverageRuntime {
  if (typeof reference === "object") return averageRuntime(reference.runs);
  if (reference === "queuedAt") return { type: "queuedAt" };
  if (reference === "logicalDate") return { type: "logicalDate" };
  return { type: "fixed", at: utcInstant(reference, zone, where) };
}
