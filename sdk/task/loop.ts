/**
 * Loops: a task, or a group, that runs again and again, each time with the output of the
 * time before, until a condition holds. Every iteration is an instance with its own
 * tries, log and output, so a loop that stopped goes on at the iteration that failed.
 */
import { toJson } from "../json.ts";
import { invalidOption } from "../option_values.ts";
import type { TaskContext } from "./context.ts";
import type { InputRefs, TaskDates, TaskDefaults } from "./task_options.ts";

/**
 * Options of a loop.
 * @example
 * d.loop(
 *   "count",
 *   { initial: 0, until: (n) => n >= 10, maxIterations: 100 },
 *   ({ previous }) => previous + 1,
 * );
 */
export interface LoopOptions<State, Inputs extends InputRefs = InputRefs>
  extends TaskDefaults,
    TaskDates {
  /**
   * Outputs of other tasks, by the names under which the body gets them. Each is also a
   * dependency.
   */
  readonly inputs?: Inputs;
  /** One or two sentences for the page. */
  readonly doc?: string;
  /**
   * What the first iteration gets as `previous`. Its type is the type of every
   * iteration's output.
   */
  readonly initial: State;
  /** Called after each iteration with its output; returns true when the loop is done. */
  readonly until: (state: NoInfer<State>, of: { readonly iteration: number }) => boolean;
  /** A loop that is not done after this many iterations has failed. At least 1. */
  readonly maxIterations: number;
}

/**
 * What the body of a loop gets.
 * @example
 * d.loop("pages", options, async ({ previous, iteration }) =>
 *   nextPage(previous, iteration),
 * );
 */
export interface LoopContext<Params, Inputs, State> extends TaskContext<Params, Inputs, undefined> {
  /** The output of the iteration before; in the first iteration, the loop's `initial`. */
  readonly previous: State;
  /** 0 in the first iteration. */
  readonly iteration: number;
}

/**
 * The loop of a group: all tasks of the group run again in every iteration.
 * @example
 * const loop: GroupLoop<string> = {
 *   initial: "",
 *   until: (cursor) => cursor === "",
 *   maxIterations: 100,
 * };
 */
export interface GroupLoop<State> {
  /**
   * What the tasks of the first iteration get as `item`. Its type is the type of the
   * group's result.
   */
  readonly initial: State;
  /**
   * Called after each iteration with the output of the task that the group's function
   * returned; returns true when the loop is done.
   */
  readonly until: (state: NoInfer<State>, of: { readonly iteration: number }) => boolean;
  /** A loop that is not done after this many iterations has failed. At least 1. */
  readonly maxIterations: number;
}

/** A loop as a definition keeps it. */
export interface LoopDefinition {
  readonly initial: unknown;
  readonly until: (state: never, of: { readonly iteration: number }) => boolean;
  readonly maxIterations: number;
}

/**
 * A loop that can run.
 * @throws DagsmithError INVALID_OPTION without a bound or a condition, OUTPUT_NOT_JSON
 *   for an initial value that JSON cannot carry
 */
export function checkedLoop(
  { initial, until, maxIterations }: LoopDefinition,
  where: string,
): LoopDefinition {
  if (!Number.isInteger(maxIterations) || maxIterations < 1)
    throw invalidOption(
      where,
      "maxIterations",
      String(maxIterations),
      "a whole number of at least 1: a loop has a bound",
    );
  if (typeof until !== "function")
    throw invalidOption(where, "until", typeof until, "a function of what an iteration returned");
  return { initial: JSON.parse(toJson(initial)) as unknown, until, maxIterations };
}
