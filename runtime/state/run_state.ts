/**
 * The states of a run. `queued`: created, waits for a place under the DAG's maxActiveRuns. `running`: its tasks move. Final: `success`,
 * `failed`. The result looks at leaves only (Airflow's rule): a failed task whose successors all succeeded does not fail the run.
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

/** The state that a run's progress amounts to. */
export function judgeRun(progress: Pick<RunProgress, "openTasks" | "failedLeaves">): RunState {
  if (progress.openTasks > 0) return "running";
  return progress.failedLeaves > 0 ? "failed" : "success";
}
