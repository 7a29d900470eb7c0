/** What a task body is given while it runs. */
import type { DateTime } from "luxon";
import type { Connection } from "../connection.ts";
import type { HookRef } from "../hook.ts";
import type { Json } from "../json.ts";
import type { Asset, AssetEvent } from "../sources/asset.ts";
import type { RunTrigger, TriggeredBy } from "../sources/trigger.ts";

/** The slice of time a run works on: start inclusive, end exclusive; both equal when it has no length. In the DAG's timezone. */
export interface DataInterval {
  readonly start: DateTime<true>;
  readonly end: DateTime<true>;
}

/** Writes lines to the log of this try. Values of connections and secrets are masked. */
export interface TaskLog {
  debug(message: string, ...details: readonly unknown[]): void;
  info(message: string, ...details: readonly unknown[]): void;
  warn(message: string, ...details: readonly unknown[]): void;
  error(message: string, ...details: readonly unknown[]): void;
}

/** Small values that tasks of one run leave for each other beside their outputs. Cleared when a new try of the task starts. */
export interface XCom {
  /** Stores `value` under this task's `key`; `return_value` is the task's own output and cannot be pushed. */
  push(key: string, value: Json): Promise<void>;
  /**
   * Reads what another task of this run pushed or returned; null when there is nothing. A mapped task gives a list, in map order.
   * @param key default `return_value`
   */
  pull(taskId: string, key?: string): Promise<Json>;
}

/** The assets of a task. */
export interface TaskAssets {
  /**
   * Says more about an update. Every asset among the task's outlets is updated when the task succeeds, and only then, whether or not this
   * is called; called twice for one asset, the later counts.
   * @param options.extra default `{}`
   * @param options.alias the outlet under which an asset is updated that is not an outlet itself
   * @throws DagsmithError NOT_AN_OUTLET
   */
  update<Extra extends Json>(
    asset: Asset<Extra>,
    options?: { readonly extra?: NoInfer<Extra>; readonly alias?: string },
  ): void;
  /**
   * The newest events of one of the task's inlets, oldest first.
   * @param options.limit default 100, at most 1000
   * @throws DagsmithError NOT_AN_INLET
   */
  events<Extra extends Json>(
    asset: Asset<Extra>,
    options?: { readonly limit?: number },
  ): Promise<readonly AssetEvent<Extra>[]>;
}

/**
 * Everything a task body may use, as one argument.
 * @typeParam Params the validated params of the run
 * @typeParam Inputs the outputs of the tasks named in `inputs`
 * @typeParam Item one element of the list that the task is mapped over (`each`)
 */
export interface TaskContext<Params = unknown, Inputs = unknown, Item = unknown> {
  readonly dagId: string;
  readonly taskId: string;
  readonly runId: string;
  /** 1 for the first try. */
  readonly tryNumber: number;
  /** Position of {@link item} in the list; -1 when the task is not mapped. */
  readonly mapIndex: number;
  /** Start of the data interval for scheduled runs; the date asked for, or the moment of the request, for manual ones. */
  readonly logicalDate: DateTime<true>;
  readonly dataInterval: DataInterval;
  /** The partition that the run works on, for a schedule made by `partitioned()`; else null. */
  readonly partitionKey: string | null;
  readonly params: Params;
  readonly inputs: Inputs;
  readonly item: Item;
  /** Aborted when the try is cancelled, times out, or its worker stops; what is still running some seconds later is killed. */
  readonly signal: AbortSignal;
  readonly log: TaskLog;
  readonly xcom: XCom;
  readonly assets: TaskAssets;
  /** What made the run, when assets or an event did; null when time or a person did. */
  readonly trigger: RunTrigger | null;
  /** The events of one asset or event source that made the run, oldest first; empty when others did. */
  readonly triggeredBy: TriggeredBy;
  /** Opens a client; the same ref gives the same client within a try, and the try's end closes it. */
  hook<Client>(ref: HookRef<Client>): Promise<Client>;
  /** @throws DagsmithError CONNECTION_NOT_FOUND */
  connection(id: string): Promise<Connection>;
  /** @throws DagsmithError VARIABLE_NOT_FOUND, unless a `fallback` is given */
  variable(key: string, fallback?: string): Promise<string>;
}

/** The work of a task: a function of its context. Operators are functions that return one. */
export type TaskBody<Output = unknown, Context extends TaskContext = TaskContext> = (
  context: Context,
) => Output | Promise<Output>;

/** A value, or a function of the task context that gives it: how operator fields use what is known only when the task runs. */
export type FromContext<Value, Context extends TaskContext = TaskContext> =
  | Value
  | ((context: Context) => Value | Promise<Value>);

/**
 * The value of a {@link FromContext} field.
 * @example const fetchUrl = (url: FromContext<string>): TaskBody => async (context) => (await fetch(await resolveField(url, context))).text();
 */
export async function resolveField<Value, Context extends TaskContext>(
  field: FromContext<Value, Context>,
  context: Context,
): Promise<Value> {
  return typeof field === "function"
    ? (field as (context: Context) => Value | Promise<Value>)(context)
    : field;
}
