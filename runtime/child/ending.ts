/**
 * How a try ends, from what its body returned or threw: the outcome of a poke or a wait,
 * and whether and when a retry follows.
 */

import { type Duration, durationMs } from "../../sdk/duration.ts";
import { toJson } from "../../sdk/json.ts";
import type { LateKeys, WaitSpec } from "../../sdk/spec/index.ts";
import { FailTask } from "../../sdk/task/outcome.ts";
import type { Poked } from "../../sdk/task/sensor.ts";
import { definitionOf } from "../../sdk/task/task_definition.ts";
import type { TaskRef } from "../../sdk/task/task_ref.ts";
import { isWaiting } from "../../sdk/task/wait.ts";
import type { DeclaredUpdate, StateChange } from "../engine/results/outcome.ts";
import type { StepSleep } from "./context/task_steps.ts";
import { describeError, type TaskError } from "./task_error.ts";

/** How a try ended, as far as the task itself can tell. */
export type TryResult = TryEnding & {
  /** The label that the task gives this instance. */
  readonly label?: string;
};

type TryEnding =
  /**
   * `output` is JSON text; null when the body returned undefined. `assets`: the asset
   * updates of the task, if there are any. `again`: the loop has another iteration.
   */
  | {
      readonly outcome: "success";
      readonly output: string | null;
      readonly assets?: readonly DeclaredUpdate[];
      readonly state?: readonly StateChange[];
      readonly again?: boolean;
    }
  /** `filteredOut`: a filter refused the item. */
  | { readonly outcome: "skipped"; readonly reason: string; readonly filteredOut?: boolean }
  /** The condition of a poke is not met yet. */
  | { readonly outcome: "not_yet" }
  /** A step of the task sleeps: the body runs again when the time has come. */
  | ({ readonly outcome: "asleep" } & StepSleep)
  /** The request had `asksKeys`. */
  | { readonly outcome: "keys"; readonly keys: LateKeys }
  /** The body returned a wait: the instance is deferred. */
  | { readonly outcome: "deferred"; readonly wait: WaitSpec }
  /** `retryAfterMs`: the delay that the error asks for. */
  | {
      readonly outcome: "failed";
      readonly error: TaskError;
      readonly retryable: boolean;
      readonly retryAfterMs?: number;
    };

/**
 * The result of a body that returned.
 * @param maxBytes of JSON; default: the limit of the database
 * @throws FailTask for a poke without an answer; DagsmithError for a value that JSON
 *   cannot carry
 */
export function returned(ref: TaskRef<unknown>, output: unknown, maxBytes?: number): TryResult {
  const { sensor, body } = definitionOf(ref);
  if (sensor) return poked(output as Poked<unknown>, maxBytes);
  if (body && isWaiting(body)) return { outcome: "deferred", wait: output as WaitSpec };
  return { outcome: "success", output: output === undefined ? null : toJson(output, maxBytes) };
}

function poked(answer: Poked<unknown>, maxBytes?: number): TryResult {
  if (answer === true) return { outcome: "success", output: null };
  if (answer === false) return { outcome: "not_yet" };
  if (typeof answer !== "object" || answer === null || typeof answer.done !== "boolean") {
    throw new FailTask(
      `a poke returns true, false or { done, value }; this one returned ${answer === null ? "null" : typeof answer}`,
    );
  }
  if (!answer.done) return { outcome: "not_yet" };
  return {
    outcome: "success",
    output: answer.value === undefined ? null : toJson(answer.value, maxBytes),
  };
}

/** Errors after which no retry follows, whatever the options of the task are. */
const FINAL_ERRORS = ["FailTask", "DagsmithError"];

/** Errors of dagsmith that a later try may not meet. */
const PASSING_CODES: readonly unknown[] = [
  "SECRET_SOURCE_FAILED",
  "XCOM_FILE_UNREADABLE",
  "REQUIREMENTS_NOT_INSTALLED",
];

/** The result of an error outside a body. The task's `retryIf` cannot be asked. */
export function failure(error: unknown): TryResult {
  const described = describeError(error);
  if (described.name === "FilteredOut")
    return { outcome: "skipped", reason: described.message, filteredOut: true };
  if (described.name === "SkipTask") return { outcome: "skipped", reason: described.message };
  const retryable = !FINAL_ERRORS.includes(described.name) || hasPassingCode(error);
  return { outcome: "failed", error: described, retryable };
}

/** A refusal of the worker has the name and the code of its error, and another class. */
function hasPassingCode(error: unknown): boolean {
  return error instanceof Error && PASSING_CODES.includes(ownValue(error, "code"));
}

/** Of a plain property, because code of a getter may do anything. */
function ownValue(error: Error, name: string): unknown {
  return Object.getOwnPropertyDescriptor(error, name)?.value;
}

/**
 * The result of a body that threw. The task's `retryIf` decides here about a retry,
 * because its code is loaded here.
 */
export function thrown(
  ref: TaskRef<unknown>,
  error: unknown,
  warn: (text: string) => void,
): TryResult {
  const result = failure(error);
  if (result.outcome !== "failed" || !result.retryable) return result;
  const retryAfterMs = retryAfterOf(error, warn);
  const retryable = asksForRetry(ref, error, result.error, warn);
  return { ...result, retryable, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

/**
 * The task's `retryIf` decides, else the error: one with `retryable: false` says that no
 * retry can help. A `retryIf` that throws decides nothing.
 */
function asksForRetry(
  ref: TaskRef<unknown>,
  error: unknown,
  described: TaskError,
  warn: (text: string) => void,
): boolean {
  const { options, inherited } = definitionOf(ref);
  const retryIf = options.retryIf ?? inherited.retryIf;
  if (!retryIf) return saysRetryable(error);
  try {
    return Boolean(retryIf(error instanceof Error ? error : new Error(described.message)));
  } catch (problem) {
    warn(`retryIf failed, so its task is retried as without it: ${describeError(problem).message}`);
    return true;
  }
}

function saysRetryable(error: unknown): boolean {
  if (typeof error !== "object" || error === null || !("retryable" in error)) return true;
  return error.retryable !== false;
}

/**
 * The delay that an error asks for: a duration, or a number of seconds. A delay that
 * cannot be read is ignored.
 */
function retryAfterOf(error: unknown, warn: (text: string) => void): number | undefined {
  const asked =
    typeof error === "object" && error !== null && "retryAfter" in error
      ? error.retryAfter
      : undefined;
  if (asked === undefined || asked === null) return undefined;
  if (typeof asked === "number" && Number.isFinite(asked) && asked >= 0) return asked * 1_000;
  try {
    return durationMs(asked as Duration);
  } catch {
    warn(
      `the error's retryAfter is ${JSON.stringify(asked)}, which is neither a duration nor a number of seconds`,
    );
    return undefined;
  }
}
