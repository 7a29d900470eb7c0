/**
 * When a task may run, judged from how many upstream instances ended in which state. Airflow's rules and its early decisions: a rule that
 * can no longer be met speaks at once, while siblings still run.
 */
import type { TriggerRule } from "../../sdk/spec.ts";

/** Instances of the tasks directly before a task. */
export interface UpstreamCounts {
  /** All of them, finished or not. */
  readonly total: number;
  readonly success: number;
  readonly failed: number;
  readonly skipped: number;
  readonly upstreamFailed: number;
}

/** `run`: now; `wait`: not yet; `skip` and `upstream_failed`: never, and the instance takes that state. */
export type RuleOutcome = "run" | "wait" | "skip" | "upstream_failed";

interface Facts extends UpstreamCounts {
  /** Failed in either way. */
  readonly bad: number;
  readonly done: number;
  readonly allDone: boolean;
}

/** Each rule as one decision on the facts. Order within a rule is its meaning: the first line that holds speaks. */
const RULES: Readonly<Record<TriggerRule, (facts: Facts) => RuleOutcome>> = {
  all_success: ({ bad, skipped, allDone }) => (bad > 0 ? "upstream_failed" : skipped > 0 ? "skip" : allDone ? "run" : "wait"),
  all_failed: ({ success, skipped, allDone }) => (success > 0 || skipped > 0 ? "skip" : allDone ? "run" : "wait"),
  all_done: ({ allDone }) => (allDone ? "run" : "wait"),
  all_done_min_one_success: ({ success, skipped, allDone }) =>
    skipped > 0 ? "skip" : !allDone ? "wait" : success > 0 ? "run" : "upstream_failed",
  all_skipped: ({ success, bad, allDone }) => (success > 0 || bad > 0 ? "skip" : allDone ? "run" : "wait"),
  one_success: ({ success, skipped, total, allDone }) =>
    success > 0 ? "run" : !allDone ? "wait" : skipped === total ? "skip" : "upstream_failed",
  one_failed: ({ bad, allDone }) => (bad > 0 ? "run" : allDone ? "skip" : "wait"),
  one_done: ({ success, failed, allDone }) => (success + failed > 0 ? "run" : allDone ? "skip" : "wait"),
  none_failed: ({ bad, allDone }) => (bad > 0 ? "upstream_failed" : allDone ? "run" : "wait"),
  none_failed_min_one_success: ({ bad, success, allDone }) =>
    bad > 0 ? "upstream_failed" : !allDone ? "wait" : success > 0 ? "run" : "skip",
  none_skipped: ({ skipped, allDone }) => (skipped > 0 ? "skip" : allDone ? "run" : "wait"),
  always: () => "run",
};

/** What a rule says now. A task without upstream runs, whatever its rule. */
export function judge(rule: TriggerRule, counts: UpstreamCounts): RuleOutcome {
  if (counts.total === 0) return "run";
  const done = counts.success + counts.failed + counts.skipped + counts.upstreamFailed;
  return RULES[rule]({ ...counts, bad: counts.failed + counts.upstreamFailed, done, allDone: done >= counts.total });
}
