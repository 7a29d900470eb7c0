/** What a DAG says of its runs as a whole: how they end early, and when their failures pause it. */
import type { DagOptions } from "./dag_options.ts";
import { durationMs } from "./duration.ts";
import { DagsmithError } from "./errors.ts";
import type { DagSpec, TaskSpec } from "./spec.ts";

type RunRules = Pick<DagSpec, "failFast" | "dagrunTimeoutMs" | "maxConsecutiveFailedDagRuns">;

/**
 * The plain form of these options.
 * @throws DagsmithError INVALID_OPTION, INVALID_DURATION
 */
export function describeRunRules(options: DagOptions, where: string): RunRules {
  const { failFast = false, dagrunTimeout, maxConsecutiveFailedDagRuns: failures = 0 } = options;
  const refuse = (option: string, value: unknown, allowed: string): never => {
    throw new DagsmithError("INVALID_OPTION", { where, option, found: JSON.stringify(value) ?? String(value), allowed });
  };
  if (typeof failFast !== "boolean") refuse("failFast", failFast, "true or false");
  if (!Number.isInteger(failures) || failures < 0) refuse("maxConsecutiveFailedDagRuns", failures, "a whole number of at least 0");
  const dagrunTimeoutMs = dagrunTimeout === undefined ? 0 : durationMs(dagrunTimeout);
  if (dagrunTimeout !== undefined && dagrunTimeoutMs <= 0) refuse("dagrunTimeout", dagrunTimeout, "more than zero");
  return {
    ...(failFast && { failFast }),
    ...(dagrunTimeoutMs > 0 && { dagrunTimeoutMs }),
    ...(failures > 0 && { maxConsecutiveFailedDagRuns: failures }),
  };
}

/**
 * In a DAG that fails fast a rule that reacts to failures would never be met.
 * @throws DagsmithError FAIL_FAST_RULE
 */
export function refuseForeignRules(dagId: string, tasks: readonly TaskSpec[]): void {
  const task = tasks.find(({ triggerRule }) => triggerRule !== "all_success" && triggerRule !== "all_done_setup_success");
  if (task) throw new DagsmithError("FAIL_FAST_RULE", { dag: dagId, task: task.taskId, rule: task.triggerRule });
}
