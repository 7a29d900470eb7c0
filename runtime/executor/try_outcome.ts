/**
 * From the end of a try's process to the outcome that the engine takes. Texts are masked
 * first, then cut.
 */
import { errorTitle } from "../../sdk/error_message.ts";
import type { TaskSpec, WaitSpec } from "../../sdk/spec/index.ts";
import type { Outcome } from "../engine/results/outcome.ts";
import { WORKER_RESTARTED, WORKER_STOPPED } from "../state/lost_try.ts";
import type { StoredError } from "../state/stored_error.ts";
import type { ProcessEnd } from "./task_process.ts";

/** Why the worker itself ends a try. */
export type Interruption = "timeout" | "total" | "taken" | "stopping" | "ended";

/** The message that a task gets with its abort signal. */
export const INTERRUPTIONS: Readonly<Record<Interruption, string>> = {
  timeout: "the try took longer than its executionTimeout",
  total: "all tries together took longer than the totalTimeout",
  taken: "the try was cancelled, or given to another worker",
  stopping: WORKER_STOPPED,
  ended: WORKER_RESTARTED,
};

/** The try whose process ended. */
export interface EndedTry {
  readonly spec: TaskSpec;
  readonly interruption: Interruption | undefined;
  readonly mask: (text: string) => string;
  /** Writes why the try failed into its log. */
  readonly logFailure: (text: string) => void;
}

/** Most characters of an error that are kept; a message may contain a whole response. */
const MAX_MESSAGE = 10_000;
const MAX_STACK = 50_000;
const MAX_REASON = 2_000;

export function outcomeOf(end: ProcessEnd, of: EndedTry): Outcome {
  if (end.outcome !== "success" && of.interruption && of.interruption !== "taken")
    return interrupted(of, of.interruption);
  switch (end.outcome) {
    case "success":
      return {
        kind: "success",
        output: end.output,
        ...(end.assets && { assets: end.assets }),
        ...(end.state && { state: end.state }),
        ...(end.again ? { again: true } : {}),
      };
    case "skipped":
      return {
        kind: "skipped",
        reason: of.mask(end.reason),
        ...(end.filteredOut ? { filteredOut: true } : {}),
      };
    case "asleep":
      return { kind: "asleep", step: end.step, at: end.at, inMs: end.inMs };
    case "not_yet":
      return { kind: "not_yet" };
    case "deferred":
      return { kind: "deferred", wait: maskedWait(end.wait, of.mask) };
    case "keys":
      return { kind: "needs_slots", keys: end.keys };
    case "crashed":
      return failed(of, end.reason, null, true);
    case "failed": {
      const error = masked(end.error, of.mask);
      return failed(of, errorTitle(error), error, end.retryable, end.retryAfterMs);
    }
  }
}

function interrupted(of: EndedTry, why: Exclude<Interruption, "taken">): Outcome {
  if (why === "stopping" || why === "ended") return { kind: "lost", reason: INTERRUPTIONS[why] };
  const { executionTimeoutMs, totalTimeoutMs } = of.spec;
  const limitMs = (why === "timeout" ? executionTimeoutMs : totalTimeoutMs) ?? 0;
  // Another try would have no time left of the total.
  return failed(of, `${INTERRUPTIONS[why]} of ${limitMs / 1_000} s`, null, why === "timeout");
}

function failed(
  of: EndedTry,
  reason: string,
  error: StoredError | null,
  retryable: boolean,
  retryAfterMs?: number,
): Outcome {
  of.logFailure(error?.stack || reason);
  return {
    kind: "failed",
    reason: reason.slice(0, MAX_REASON),
    error,
    retryable,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}

/** People read the text of a question. */
function maskedWait(wait: WaitSpec, mask: EndedTry["mask"]): WaitSpec {
  if (wait.type !== "ask") return wait;
  const { subject, body } = wait;
  return { ...wait, subject: mask(subject), body: body === null ? null : mask(body) };
}

/** Masked before it is cut, so that no part of a secret remains. */
function masked({ name, message, stack, code }: StoredError, mask: EndedTry["mask"]): StoredError {
  const shown = (text: string, limit: number): string => mask(text).slice(0, limit);
  return {
    name: shown(name, 200),
    message: shown(message, MAX_MESSAGE),
    stack: shown(stack, MAX_STACK),
    ...(code !== undefined && { code: shown(code, 200) }),
  };
}
