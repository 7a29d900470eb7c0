/**
 * Turns the rules for whole runs into their plain form: when a run ends early, and when
 * failures pause the DAG.
 */
import type { DagOptions } from "../dag/dag_options.ts";
import { DagsmithError } from "../errors.ts";
import { invalidOption, moreThanZero } from "../option_values.ts";
import type { DagSpec, TaskSpec } from "../spec/index.ts";

const MOST_FAILURES = 1_000_000;

type RunRules = Pick<DagSpec, "failFast" | "dagRunTimeoutMs" | "maxConsecutiveFailedDagRuns">;

/**
 * The plain form of these options.
 * @throws DagsmithError INVALID_OPTION, INVALID_DURATION
 */
export function describeRunRules(options: DagOptions, where: string): RunRules {
  const { failFast = false, dagRunTimeout, maxConsecutiveFailedDagRuns: failures = 0 } = options;
  if (typeof failFast !== "boolean")
    throw invalidOption(where, "failFast", shown(failFast), "true or false");
  if (!Number.isInteger(failures) || failures < 0 || failures > MOST_FAILURES)
    throw invalidOption(
      where,
      "maxConsecutiveFailedDagRuns",
      shown(failures),
      `a whole number from 0 to ${MOST_FAILURES}`,
    );
  const dagRunTimeoutMs =
    dagRunTimeout === undefined ? 0 : moreThanZero(dagRunTimeout, "dagRunTimeout", where);
  return {
    ...(failFast && { failFast }),
    ...(dagRunTimeoutMs > 0 && { dagRunTimeoutMs }),
    ...(failures > 0 && { maxConsecutiveFailedDagRuns: failures }),
  };
}

/**
 * Refuses trigger rules that react to failures: in a DAG with failFast they would never
 * be met.
 * @throws DagsmithError FAIL_FAST_RULE
 */
export function refuseForeignRules(dagId: string, tasks: readonly TaskSpec[]): void {
  const task = tasks.find(
    ({ triggerRule }) => triggerRule !== "all_success" && triggerRule !== "all_done_setup_success",
  );
  if (task)
    throw new DagsmithError("FAIL_FAST_RULE", {
      dag: dagId,
      task: task.taskId,
      rule: task.triggerRule,
    });
}

/**
 * Refuses a task directly after a setup whose rule does not need the setup, as Airflow
 * does: to clear such a task would run the setup again for nothing.
 * @throws DagsmithError SETUP_RULE
 */
export function refuseRulesAfterSetups(dagId: string, tasks: readonly TaskSpec[]): void {
  const setups = new Set(
    tasks.flatMap(({ taskId, kind }) => (kind?.type === "setup" ? [taskId] : [])),
  );
  for (const { taskId, upstream, triggerRule: rule, kind } of tasks) {
    const setup = upstream.find((before) => setups.has(before));
    if (setup !== undefined && rule !== "all_success" && kind?.type !== "teardown")
      throw new DagsmithError("SETUP_RULE", { dag: dagId, task: taskId, rule, setup });
  }
}

function shown(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}
