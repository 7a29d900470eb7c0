/**
 * What a task may say of its part in the run beside its work: that it sets up or tears down, that it decides which tasks after it run, that
 * its failure is allowed, that it waits for its past. Options as people write them, and their plain form in a spec.
 */

import { listOf } from "../list.ts";
import { invalidOption } from "../option_values.ts";
import type { TaskRules, TriggerRule } from "../spec/index.ts";
import type { InputRefs, TaskDefinition, TaskOptions, TaskRef } from "./task.ts";

/** Rules for every task of a DAG. */
export interface RuleDefaults {
  /**
   * Waits until the same task ended as success or skipped in the run before: the one with the logical date before (with `catchup: "all"`
   * only runs that nobody asked for by hand count). The first run, and the first of a backfill, wait for nothing. Default false.
   */
  readonly dependsOnPast?: boolean;
  /** As {@link dependsOnPast}, and the tasks directly after it must have ended as success or skipped in the run before. Default false. */
  readonly waitForDownstream?: boolean;
}

export const RULE_DEFAULTS = [
  "dependsOnPast",
  "waitForDownstream",
] as const satisfies (keyof RuleDefaults)[];

/** Options of a teardown. Its rule is `all_done_setup_success`, and no other. */
export interface TeardownOptions<Inputs extends InputRefs, Params = unknown, Item = undefined>
  extends Omit<
    TaskOptions<Inputs, "all_done_setup_success", boolean, Params, Item>,
    "triggerRule" | "allowFailure"
  > {
  /** The setups that it undoes; it runs after them, if one of them succeeded. */
  readonly setups?: TaskRef<unknown> | readonly TaskRef<unknown>[];
  /** Whether its failure fails the run. Default false: the work was done. */
  readonly onFailureFailDagRun?: boolean;
}

/** Options of a switch. */
export interface SwitchOptions<
  Inputs extends InputRefs,
  Name extends string,
  Rule extends TriggerRule = TriggerRule,
  Params = unknown,
  Item = undefined,
> extends Omit<TaskOptions<Inputs, Rule, boolean, Params, Item>, "allowFailure"> {
  /** The tasks that go on in each case; each of them comes after the switch. */
  readonly cases: Readonly<Record<Name, TaskRef<unknown> | readonly TaskRef<unknown>[]>>;
}

/** Options of a short circuit. */
export interface ShortCircuitOptions<
  Inputs extends InputRefs,
  Rule extends TriggerRule = TriggerRule,
  Params = unknown,
  Item = undefined,
> extends Omit<TaskOptions<Inputs, Rule, boolean, Params, Item>, "allowFailure"> {
  /** True (the default): all tasks after it are skipped. False: those directly after it, and the rules of the others decide. */
  readonly ignoreDownstreamTriggerRules?: boolean;
}

/** What a branch may choose: tasks after it, as references or ids. Nothing means that none of them runs. */
export type BranchChoice =
  | TaskRef<unknown>
  | string
  | readonly (TaskRef<unknown> | string)[]
  | null
  | undefined
  // biome-ignore lint/suspicious/noConfusingVoidType: a body without a return chooses nothing
  | void;

/** The ids of a choice. */
function chosenIds(choice: BranchChoice): string[] {
  return [
    ...new Set(listOf(choice ?? []).map((one) => (typeof one === "string" ? one : one.taskId))),
  ];
}

type Body = NonNullable<TaskDefinition["body"]>;

/** The body of a branch, giving ids for whatever its author chose. Keeps the name, which is its operator's. */
export function branchBody(body: Body): Body {
  const choose: Body = async (context) => chosenIds((await body(context)) as BranchChoice);
  return Object.defineProperty(choose, "name", { value: body.name });
}

/** The rules in a task's options and kind. */
export function describeRules(
  { options: { allowFailure }, kind }: TaskDefinition,
  { dependsOnPast, waitForDownstream }: RuleDefaults,
  where: string,
): TaskRules {
  for (const [option, value] of Object.entries({
    allowFailure,
    dependsOnPast,
    waitForDownstream,
  })) {
    if (value === undefined || typeof value === "boolean") continue;
    throw invalidOption(where, option, JSON.stringify(value), "true or false");
  }
  return {
    ...(kind && { kind }),
    ...(allowFailure && { allowFailure }),
    ...((dependsOnPast || waitForDownstream) && { dependsOnPast: true }),
    ...(waitForDownstream && { waitForDownstream }),
  };
}
