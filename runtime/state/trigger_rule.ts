/**
 * Trigger rules: whether a task may run, by how many upstream instances ended in which
 * state. Airflow's rules, with its early decisions: a rule that can no longer be met
 * decides at once, while other upstream tasks still run.
 */
import type { TriggerRule } from "../../sdk/spec/index.ts";

/** Instances of the tasks directly before a task. */
export interface UpstreamCounts {
  /** All of them, finished or not. */
  readonly total: number;
  readonly success: number;
  readonly failed: number;
  readonly skipped: number;
  readonly upstreamFailed: number;
  /** Removed instances: there is nothing to wait for, and they neither succeeded nor failed. */
  readonly removed: number;
}

/** The setups among them, all ended. Only the rule of teardowns looks at them. */
export interface SetupCounts {
  readonly total: number;
  readonly success: number;
  readonly skipped: number;
}

/**
 * `run`: now. `wait`: not yet. `skip`, `upstream_failed`: never; the instance gets that
 * state.
 */
export type RuleOutcome = "run" | "wait" | "skip" | "upstream_failed";

interface Facts extends UpstreamCounts {
  /** Failed in either way. */
  readonly bad: number;
  readonly allDone: boolean;
  readonly setups: SetupCounts;
}

const NO_SETUPS: SetupCounts = { total: 0, success: 0, skipped: 0 };

/** Each rule as one decision. The first condition that holds decides, so their order matters. */
const RULES: Readonly<Record<TriggerRule, (facts: Facts) => RuleOutcome>> = {
  all_success: ({ bad, skipped, success, total }) =>
    bad > 0 ? "upstream_failed" : skipped > 0 ? "skip" : success >= total ? "run" : "wait",
  all_failed: ({ success, skipped, bad, total }) =>
    success > 0 || skipped > 0 ? "skip" : bad >= total ? "run" : "wait",
  all_done: ({ allDone }) => (allDone ? "run" : "wait"),
  all_done_min_one_success: ({ success, skipped, allDone }) =>
    skipped > 0 ? "skip" : !allDone ? "wait" : success > 0 ? "run" : "upstream_failed",
  all_skipped: ({ success, bad, skipped, total }) =>
    success > 0 || bad > 0 ? "skip" : skipped >= total ? "run" : "wait",
  one_success: ({ success, skipped, total, allDone }) =>
    success > 0 ? "run" : !allDone ? "wait" : skipped >= total ? "skip" : "upstream_failed",
  one_failed: ({ bad, allDone }) => (bad > 0 ? "run" : allDone ? "skip" : "wait"),
  one_done: ({ success, failed, allDone }) =>
    success + failed > 0 ? "run" : allDone ? "skip" : "wait",
  none_failed: ({ bad, success, skipped, total }) =>
    bad > 0 ? "upstream_failed" : success + skipped >= total ? "run" : "wait",
  none_failed_min_one_success: ({ bad, success, skipped, total }) =>
    bad > 0
      ? "upstream_failed"
      : skipped >= total
        ? "skip"
        : success + skipped >= total
          ? "run"
          : "wait",
  none_skipped: ({ skipped, allDone }) => (skipped > 0 ? "skip" : allDone ? "run" : "wait"),
  always: () => "run",
  all_done_setup_success: ({ allDone, setups: { total, success, skipped } }) =>
    !allDone
      ? "wait"
      : total === 0 || success > 0
        ? "run"
        : skipped >= total
          ? "skip"
          : "upstream_failed",
};

/** Whether all instances directly before a task have ended. */
export function allDone({
  total,
  success,
  failed,
  skipped,
  upstreamFailed,
  removed,
}: UpstreamCounts): boolean {
  return success + failed + skipped + upstreamFailed + removed >= total;
}

/** Applies a rule. A task without upstream runs, whatever its rule. */
export function judge(
  rule: TriggerRule,
  counts: UpstreamCounts,
  setups: SetupCounts = NO_SETUPS,
): RuleOutcome {
  if (counts.total === 0) return "run";
  return RULES[rule]({
    ...counts,
    bad: counts.failed + counts.upstreamFailed,
    allDone: allDone(counts),
    setups,
  });
}
