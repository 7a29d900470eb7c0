/**
 * Trigger rules: whether a task may run, by how many upstream instances ended in which
 * state. Airflow's rules, with its early decisions: a rule that can no longer be met
 * decides at once, while other upstream tasks still run.
 */
import type { TaskSpec, TriggerRule } from "../../sdk/spec/index.ts";

/** Instances of the tasks directly before a task. */
export interface UpstreamCounts {
  /** All of them, finished or not. */
  readonly total: number;
  readonly success: number;
  readonly failed: number;
  readonly skipped: number;
  readonly upstreamFailed: number;
  /**
   * Removed instances: there is nothing to wait for, and they neither succeeded nor
   * failed.
   */
  readonly removed: number;
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
  /** Of a teardown: the setups that it undoes. */
  readonly setups: UpstreamCounts;
}

const NO_SETUPS: UpstreamCounts = {
  ...{ total: 0, success: 0, failed: 0, skipped: 0, upstreamFailed: 0, removed: 0 },
};

/**
 * Each rule as one decision. The first condition that holds decides, so their order
 * matters.
 */
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

/**
 * Applies a rule to the tasks directly before a task. A task without upstream runs,
 * whatever its rule.
 */
export function judge(
  rule: TriggerRule,
  counts: UpstreamCounts,
  setups: UpstreamCounts = NO_SETUPS,
): RuleOutcome {
  if (counts.total === 0) return "run";
  return RULES[rule]({
    ...counts,
    bad: counts.failed + counts.upstreamFailed,
    allDone: allDone(counts),
    setups,
  });
}

/** What decides whether a task runs, besides its rule. Null: there is none. */
export interface Awaited {
  /** The tasks directly before it. */
  readonly upstream: UpstreamCounts;
  /** The setups that it needs, at any distance; of a teardown: those that it undoes. */
  readonly setups: UpstreamCounts | null;
  /** Of a teardown: the other tasks between its setups and itself. */
  readonly inScope: UpstreamCounts | null;
}

/**
 * Applies a rule, and what Airflow adds to each rule: a task needs every setup before it,
 * and a teardown waits for all tasks after its setups. A task that always runs needs no
 * setup.
 */
export function judgeAll(
  { triggerRule: rule, kind }: Pick<TaskSpec, "triggerRule" | "kind">,
  { upstream, setups, inScope }: Awaited,
): RuleOutcome {
  if (kind?.type === "teardown")
    return waiting(judge(rule, upstream, setups ?? NO_SETUPS), !inScope || allDone(inScope));
  if (setups === null || rule === "always") return judge(rule, upstream);
  if (setups.failed + setups.upstreamFailed > 0) return "upstream_failed";
  if (setups.skipped > 0) return "skip";
  return waiting(judge(rule, upstream), allDone(setups));
}

/** A task that would run waits until it may. */
function waiting(outcome: RuleOutcome, mayRun: boolean): RuleOutcome {
  return outcome === "run" && !mayRun ? "wait" : outcome;
}
