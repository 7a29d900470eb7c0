/**
 * Calls of other DAGs: a task that starts a run of another DAG, waits for it without a
 * process, and has its result as output.
 */
import type { Duration } from "../duration.ts";
import { type Json, toJson } from "../json.ts";
import { moreThanZero, wholeNumber, wrongKind } from "../option_values.ts";
import type { WaitSpec } from "../spec/index.ts";
import { type FromContext, resolveField, type TaskContext } from "./context.ts";
import { waiting } from "./wait.ts";

/**
 * A DAG that can be called. Every {@link Dag} is one.
 * @typeParam Given the params that a call gives, before the schema fills in defaults
 * @typeParam Result what the DAG returns by `output`; null without one
 * @example
 * function callIt(d: Dag<unknown>, of: CallableDag<{ repo: string }, { stars: number }>) {
 *   return d.call("stars", of, { params: { repo: "nodejs/node" } });
 * }
 */
export interface CallableDag<in Given, out Result> {
  /** The id of the DAG. */
  readonly dagId: string;
  /** Carries the types of a call; has no value. */
  readonly calls: (params: Given) => Result;
}

/**
 * A DAG, or the id of a DAG that another file declares.
 * @example const of: Called = "repository_stars";
 */
export type Called = CallableDag<never, unknown> | string;

/**
 * The params that a call of this DAG gives. Those of an id are any JSON object.
 * @example type Given = ParamsOf<typeof starsOf>; // { repo: string }
 */
export type ParamsOf<Of extends Called> = Of extends { calls: (params: infer Given) => unknown }
  ? Given
  : Readonly<Record<string, Json>>;

/**
 * What a call returns: the output of the DAG, or with `wait: false` the run that it
 * started.
 * @example type Stars = CallResult<typeof starsOf, true>; // { stars: number }
 */
export type CallResult<Of extends Called, Waits extends boolean> = [Waits] extends [false]
  ? { readonly runId: string }
  : Of extends { calls: (params: never) => infer Result }
    ? Result
    : Json;

/**
 * The option `params`, which may be left out when no param is required.
 * @example type Option = CallParams<{ repo: string }, TaskContext>; // { params: … }
 */
export type CallParams<Given, Context extends TaskContext> = unknown extends Given
  ? { readonly params?: never }
  : Record<never, never> extends Given
    ? { readonly params?: FromContext<Given, Context> }
    : { readonly params: FromContext<Given, Context> };

/**
 * Options of a call besides its params and the options of any task.
 * @example
 * d.call("load", "load_orders", { timeout: "6h", retries: 2, rerun: "all" });
 */
export interface CallOptions<Waits extends boolean> {
  /**
   * Whether the task waits for the called run. False: it succeeds once the run is
   * created. Default true.
   */
  readonly wait?: Waits;
  /** The number of the DAG's version that runs. Default: the deployed version. */
  readonly version?: number;
  /**
   * Longest time that the called run may take; then it is cancelled and the task fails.
   * Default: no limit.
   */
  readonly timeout?: Duration;
  /**
   * What a retry runs again of a called run that failed: its failed tasks and those after
   * them, or all its tasks. Other params or another version run all tasks again. Default
   * `"failed"`.
   */
  readonly rerun?: "failed" | "all";
}

/** A call as the builder keeps it. */
export interface CallDefinition {
  readonly dagId: string;
  /** The DAG when the call names it by a reference; null when it names its id. */
  readonly dag: object | null;
  readonly waits: boolean;
}

/** The options of a call of any kind, as a builder gets them. */
export type GivenCallOptions = CallOptions<boolean> & {
  readonly params?: FromContext<object>;
};

/** @throws DagsmithError INVALID_OPTION for what is neither a DAG nor an id */
export function checkedCall(of: unknown, { wait = true }: GivenCallOptions, where: string) {
  if (typeof wait !== "boolean") throw wrongKind(where, "wait", wait, "true or false");
  if (typeof of === "string") return { dagId: of, dag: null, waits: wait };
  if (typeof of === "object" && of !== null && "dagId" in of && typeof of.dagId === "string")
    return { dagId: of.dagId, dag: of, waits: wait };
  throw wrongKind(where, "the called DAG", of, "a DAG, or the id of a DAG");
}

/** The body of a call: one short try computes the params, then the task waits. */
export function callBody(
  { dagId, waits }: CallDefinition,
  { params = {}, version, timeout, rerun = "failed" }: GivenCallOptions,
  where: string,
) {
  if (rerun !== "failed" && rerun !== "all")
    throw wrongKind(where, "rerun", rerun, '"failed" or "all"');
  const fixed = {
    ...{ type: "call" as const, dagId, waits, rerun },
    version: version === undefined ? null : wholeNumber(version, 1, "version", where),
    timeoutMs: timeout === undefined ? null : moreThanZero(timeout, "timeout", where),
  };
  async function call(context: TaskContext): Promise<WaitSpec> {
    return { ...fixed, params: toJson(await resolveField(params, context)) };
  }
  return waiting<unknown, TaskContext>(call, null);
}
