/**
 * Loops: a task that runs again and again, each time with what it returned the time before, until that is enough. Every iteration is an instance of
 * its own, with its tries, its log and its result, so a loop that broke off goes on at the iteration that failed.
 */

import { toJson } from "../json.ts";
import { invalidOption } from "../option_values.ts";
import type { TaskContext } from "./context.ts";
import type { InputRefs, TaskDates, TaskDefaults } from "./task.ts";

/** Options of a loop. */
export interface LoopOptions<State, Inputs extends InputRefs = InputRefs>
  extends TaskDefaults,
    TaskDates {
  readonly inputs?: Inputs;
  readonly doc?: string;
  /** What the first iteration gets as `previous`; its type is what every iteration gets and returns. */
  readonly initial: State;
  /** Asked after each iteration, with what it returned, whether the loop is done. */
  readonly until: (state: NoInfer<State>, of: { readonly iteration: number }) => boolean;
  /** A loop that is not done after as many iterations has failed. */
  readonly maxIterations: number;
}

/** What the body of a loop is given. */
export interface LoopContext<Params, Inputs, State> extends TaskContext<Params, Inputs, undefined> {
  /** What the iteration before returned; in the first one, the loop's `initial`. */
  readonly previous: State;
  /** 0 for the first one. */
  readonly iteration: number;
}

/** What makes a group a loop. */
export interface GroupLoop<State> {
  /** What the tasks of the first iteration get as `item`; its type is what every iteration gets, and what its result is. */
  readonly initial: State;
  /** Asked after each iteration, with the output of the task that the group's function returned, whether the loop is done. */
  readonly until: (state: NoInfer<State>, of: { readonly iteration: number }) => boolean;
  /** A loop that is not done after as many iterations has failed. */
  readonly maxIterations: number;
}

/** What a task definition keeps of a loop. */
export interface LoopDefinition {
  readonly initial: unknown;
  readonly until: (state: never, of: { readonly iteration: number }) => boolean;
  readonly maxIterations: number;
}

/**
 * A loop that can be run.
 * @throws DagsmithError INVALID_OPTION without a bound or a condition, OUTPUT_NOT_JSON for an initial value that JSON cannot carry
 */
export function checkedLoop(
  { initial, until, maxIterations }: LoopDefinition,
  where: string,
): LoopDefinition {
  if (!Number.isInteger(maxIterations) || maxIterations < 1) {
    throw invalidOption(
      where,
      "maxIterations",
      String(maxIterations),
      "a whole number of at least 1: a loop has a bound",
    );
  }
  if (typeof until !== "function")
    throw invalidOption(where, "until", typeof until, "a function of what an iteration returned");
  return { initial: JSON.parse(toJson(initial)) as unknown, until, maxIterations };
}
