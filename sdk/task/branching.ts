/**
 * Tasks that decide which tasks after them run: branches, switches and short circuits.
 */
import { listOf } from "../list.ts";
import type { TriggerRule } from "../spec/index.ts";
import type { AnyTaskBody } from "./context.ts";
import type { InputRefs, TaskOptions } from "./task_options.ts";
import type { TaskRef } from "./task_ref.ts";

/**
 * Options of a switch.
 * @example
 * d.switch(
 *   "kind",
 *   { inputs: { file }, cases: { csv, json: [parse, load] } },
 *   ({ inputs }) => inputs.file.kind,
 * );
 */
export interface SwitchOptions<
  Inputs extends InputRefs,
  Name extends string,
  Rule extends TriggerRule = TriggerRule,
  Params = unknown,
  Item = undefined,
> extends Omit<TaskOptions<Inputs, Rule, boolean, Params, Item>, "allowFailure"> {
  /**
   * The tasks of each case, by its name. Each of these tasks comes directly after the
   * switch.
   */
  readonly cases: Readonly<Record<Name, TaskRef<unknown> | readonly TaskRef<unknown>[]>>;
}

/**
 * Options of a short circuit. Airflow: ShortCircuitOperator.
 * @example
 * d.shortCircuit(
 *   "any",
 *   { inputs: { rows }, ignoreDownstreamTriggerRules: false },
 *   ({ inputs }) => inputs.rows,
 * );
 */
export interface ShortCircuitOptions<
  Inputs extends InputRefs,
  Rule extends TriggerRule = TriggerRule,
  Params = unknown,
  Item = undefined,
> extends Omit<TaskOptions<Inputs, Rule, boolean, Params, Item>, "allowFailure"> {
  /**
   * True: all tasks after it are skipped. False: the tasks directly after it are skipped,
   * and the trigger rules of the others decide. Default true.
   */
  readonly ignoreDownstreamTriggerRules?: boolean;
}

/**
 * What a branch may choose: tasks directly after it, as references or ids. With null,
 * undefined or an empty list none of them runs.
 * @example const choice: BranchChoice = [small, "big"];
 */
export type BranchChoice =
  | TaskRef<unknown>
  | string
  | readonly (TaskRef<unknown> | string)[]
  | null
  | undefined
  // biome-ignore lint/suspicious/noConfusingVoidType: a body without a return chooses nothing
  | void;

/** The ids of a choice, each once. */
function chosenIds(choice: BranchChoice): string[] {
  const ids = listOf(choice ?? []).map((one) => (typeof one === "string" ? one : one.taskId));
  return [...new Set(ids)];
}

/**
 * A body that returns the ids of the author's choice. It keeps the name: that of its
 * operator.
 */
export function branchBody(body: AnyTaskBody): AnyTaskBody {
  const choose: AnyTaskBody = async (context) => chosenIds((await body(context)) as BranchChoice);
  return Object.defineProperty(choose, "name", { value: body.name });
}
