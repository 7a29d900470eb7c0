/** How the wait for a called run ends. Pure. */
import { errorTitle } from "../../../sdk/error_message.ts";
import { DagsmithError } from "../../../sdk/errors.ts";
import type { Json } from "../../../sdk/json.ts";
import type { DagSpec } from "../../../sdk/spec/index.ts";
import { type StoredError, storedError } from "../../state/stored_error.ts";
import type { TaskState } from "../../state/task_state.ts";
import { fieldOf } from "../plan/plan.ts";
import { IN_A_FILE } from "../store.ts";
import type { WaitOutcome } from "./outcome.ts";

/** The run that was called. */
export interface CalledRun {
  readonly dagId: string;
  readonly runId: string;
}

/** A call that was refused: no retry helps, except after a pause. */
export function callRefused(error: DagsmithError): WaitOutcome {
  const [stored, retryable] = [storedError(error), error.code === "DAG_PAUSED"];
  return { kind: "call_failed", reason: errorTitle(stored), error: stored, retryable };
}

/**
 * The called run failed.
 * @param cause the task of it that failed; null when the run was ended from outside
 */
export function callFailed(
  { dagId, runId }: CalledRun,
  cause: { readonly taskId: string; readonly reason: string | null } | null,
  { reason, error }: { readonly reason: string | null; readonly error: StoredError | null },
): WaitOutcome {
  const of = cause && `task "${cause.taskId}": ${cause.reason ?? "failed"}`;
  const why = [reason, of].filter((text) => text !== null).join("; ") || "its tasks failed";
  const failure = storedError(
    new DagsmithError("CALLED_RUN_FAILED", { dag: dagId, run: runId, reason: why }),
  );
  return {
    ...{ kind: "call_failed", reason: errorTitle(failure).slice(0, MAX_REASON), retryable: true },
    error: error ?? failure,
  };
}

const MAX_REASON = 2_000;

/** What is known of a task whose output a DAG returns. */
export interface ReturnedOutput {
  /** Undefined when the task has no output. */
  readonly value: Json | undefined | typeof IN_A_FILE;
  readonly state: TaskState | "none";
  readonly mayFail: boolean;
}

/**
 * The called run succeeded: the output of the call, from the outputs that the DAG
 * returns. A task that succeeded without an output returns null.
 */
export function callSucceeded(
  run: CalledRun,
  output: DagSpec["output"],
  outputOf: (taskId: string) => ReturnedOutput,
): WaitOutcome {
  if (output === undefined) return { kind: "resumed", output: "null" };
  const result: Record<string, Json> = {};
  for (const [name, { taskId, field }] of Object.entries(output)) {
    const { value, state, mayFail } = outputOf(taskId);
    const at = { dag: run.dagId, run: run.runId, name };
    if (value === IN_A_FILE) return callRefused(new DagsmithError("CALL_RESULT_IN_A_FILE", at));
    if (state === "success") result[name] = fieldOf(value, field) ?? null;
    else if (!mayFail)
      return callRefused(new DagsmithError("CALL_RESULT_MISSING", { ...at, task: taskId, state }));
  }
  return { kind: "resumed", output: JSON.stringify(result) };
}
