/** Declares tasks that wait for others: calls of other DAGs. */
import type { TriggerRule } from "../spec/index.ts";
import {
  type Called,
  type CallOptions,
  type CallParams,
  type CallResult,
  callBody,
  checkedCall,
  type GivenCallOptions,
  type ParamsOf,
} from "../task/call.ts";
import type {
  GivenContext,
  Listed,
  Named,
  NoInputs,
  PlainOrMappedOptions,
  WhenMapped,
} from "../task/given_options.ts";
import type { GivenTaskOptions, InputRefs, OutputOf } from "../task/task_options.ts";
import type { TaskRef } from "../task/task_ref.ts";
import { TaskBuilder } from "./task_builder.ts";

export abstract class CallBuilder<out Params, out Item> extends TaskBuilder<Params, Item> {
  /**
   * Declares a call of another DAG: a run of that DAG starts, and the task waits for its
   * end without a process. A called run has the logical date and the data interval of the
   * run that calls it. Each task instance has one called run: a retry waits for a run
   * that still goes on, and runs a failed run again. When the task is cancelled, its
   * called run is cancelled too. Airflow: TriggerDagRunOperator.
   * @param of a DAG, whose params and result have types; or the id of a DAG
   * @returns a reference to what the DAG returns by `output`; with `wait: false`, to the
   *   id of the run; for a mapped call (`each`), to the list
   * @throws DagsmithError as {@link task}; the try fails with UNKNOWN_DAG, DAG_PAUSED,
   *   UNKNOWN_VERSION, INVALID_PARAMS, CALL_CIRCLE, CALL_TOO_DEEP or CALLED_RUN_FAILED
   * @example
   * const stars = d.call("stars", starsOfRepository, {
   *   each: repositories,
   *   params: ({ item }) => ({ repository: item }),
   * });
   * d.task("sum", { inputs: { stars } }, ({ inputs }) =>
   *   inputs.stars.reduce((sum, { count }) => sum + count, 0),
   * );
   */
  call<Of extends Called>(
    taskId: string,
    of: Of & (Record<never, never> extends ParamsOf<Of> ? unknown : never),
  ): TaskRef<CallResult<Of, true>>;
  call<
    Of extends Called,
    Names extends PropertyKey,
    Each,
    Element,
    Inputs extends InputRefs = NoInputs,
    Rule extends TriggerRule = "all_success",
    Allowed extends boolean = false,
    Waits extends boolean = true,
  >(
    taskId: string,
    of: Of,
    options: PlainOrMappedOptions<Names, Each, Inputs, Rule, Allowed, Element, Params, Item> &
      CallOptions<Waits> &
      CallParams<
        ParamsOf<Of>,
        GivenContext<Names, Params, Inputs, Rule, WhenMapped<Names, Each, Element, Item>>
      > &
      Named<Names> &
      Listed<Each>,
  ): TaskRef<
    WhenMapped<Names, Each, CallResult<Of, Waits>[], OutputOf<CallResult<Of, Waits>, Allowed>>
  >;
  call(taskId: string, of: unknown, given: object = {}): TaskRef<unknown> {
    const { params, wait, version, timeout, rerun, ...options } = given as GivenCallOptions &
      GivenTaskOptions;
    const where = `call "${taskId}" of DAG "${this.scope.dagId}"`;
    const asked = { params, wait, version, timeout, rerun } as GivenCallOptions;
    const call = checkedCall(of, asked, where);
    const body = this.scope.bodyOf("task", taskId, callBody(call, asked, where));
    return this.scope.add(taskId, { options, body, call });
  }
}
