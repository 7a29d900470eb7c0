/**
 * The states of a run. The verbs that move a run are in run_verbs.ts. Pure.
 */

/**
 * - `queued`: waits for a slot under the `maxActiveRuns` of its DAG or its backfill. In:
 *   create, reopen. Out: start, cancel, mark, reopen.
 * - `running`: its tasks move. In: start, advance, goOn. Out: advance, finish, cancel,
 *   timeOut, mark, goOn.
 * - `success`: its leaves ended well. In: finish, mark. Out: mark, reopen.
 * - `failed`: a leaf failed, or the run was stopped. In: finish, cancel, timeOut, mark.
 *   Out: mark, reopen.
 *
 * Only leaves decide (Airflow's rule): a failed task whose successors all succeeded does
 * not fail the run.
 */
export const RUN_STATES = ["queued", "running", "success", "failed"] as const;
export type RunState = (typeof RUN_STATES)[number];

/** How far a run is. */
export interface RunProgress {
  /** Tasks with an unfinished instance, or none yet. */
  readonly openTasks: number;
  /** Leaves that failed, or never could run. */
  readonly failedLeaves: number;
  /** Tasks that failed and were allowed to. */
  readonly warnings: number;
}

/** The state of a run with this progress. */
export function judgeRun(progress: Pick<RunProgress, "openTasks" | "failedLeaves">): RunState {
  if (progress.openTasks > 0) return "running";
  return progress.failedLeaves > 0 ? "failed" : "success";
}
