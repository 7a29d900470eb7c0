/** Teardowns: tasks that undo setups, however the work between them ended. */
import type { TriggerRule } from "../spec/index.ts";
import type { InputRefs, TaskOptions } from "./task_options.ts";
import type { TaskRef } from "./task_ref.ts";

/** The trigger rule of every teardown. */
export const TEARDOWN_RULE = "all_done_setup_success" satisfies TriggerRule;

/**
 * Options of a teardown. Its trigger rule is `all_done_setup_success` and cannot be set.
 * @example
 * d.teardown("delete_cluster", { setups: cluster, inputs: { cluster } }, ({ inputs }) =>
 *   drop(inputs.cluster),
 * );
 */
export interface TeardownOptions<Inputs extends InputRefs, Params = unknown, Item = undefined>
  extends Omit<
    TaskOptions<Inputs, typeof TEARDOWN_RULE, boolean, Params, Item>,
    "triggerRule" | "allowFailure"
  > {
  /**
   * The setups that it undoes. It runs after them, if at least one of them succeeded.
   * Default: none.
   */
  readonly setups?: TaskRef<unknown> | readonly TaskRef<unknown>[];
  /**
   * Whether its failure fails the run. Default false, as the work was done. Airflow:
   * on_failure_fail_dagrun.
   */
  readonly onFailureFailDagRun?: boolean;
}
