/** What a task body gets while it runs. */
import type { DateTime } from "luxon";
import type { Connection } from "../connection.ts";
import type { BundledFolder } from "../files/folder.ts";
import type { TaskFiles } from "../files/task_files.ts";
import type { HookRef } from "../hook.ts";
import type { Json } from "../json.ts";
import type { Asset, AssetEvent } from "../sources/asset.ts";
import type { RunTrigger, TriggeredBy } from "../sources/trigger.ts";
import type { Rendered } from "./rendered.ts";
import type { RunNotes } from "./run_notes.ts";
import type { StateStore } from "./state_store.ts";
import type { Step } from "./step.ts";
import type { TaskLog } from "./task_log.ts";

/**
 * The slice of time that a run works on. The start is inclusive, the end exclusive; both
 * are equal when the interval has no length. Airflow: data_interval_start and
 * data_interval_end.
 * @example
 * d.task("days", ({ dataInterval: { start, end } }) => end.diff(start, "days").days);
 */
export interface DataInterval {
  /** In the DAG's timezone. */
  readonly start: DateTime<true>;
  /** In the DAG's timezone. */
  readonly end: DateTime<true>;
}

/**
 * Small values that the tasks of one run leave for each other besides their outputs. A
 * new try of a task starts without the values of the try before.
 * @example d.task("load", async ({ xcom }) => xcom.push("rows", 12));
 */
export interface XCom {
  /**
   * Stores `value` under this task's `key`. The key `return_value` is the task's output
   * and cannot be pushed.
   */
  push(key: string, value: Json): Promise<void>;
  /**
   * Reads a value that another task of this run pushed or returned; null when there is
   * none. For a mapped task: the list of its instances' values, in map order.
   * @param key default `return_value`
   */
  pull(taskId: string, key?: string): Promise<Json>;
}

/**
 * The assets of a task: its `outlets` and `inlets`.
 * @example
 * const orders = asset<{ rows: number }>("s3://lake/orders");
 * d.task("load", { outlets: [orders] }, ({ assets }) =>
 *   assets.update(orders, { extra: { rows: 12 } }),
 * );
 */
export interface TaskAssets {
  /**
   * Adds details to the update of an asset. Every asset among the task's outlets is
   * updated when the task succeeds, with or without this call. Of two calls for one asset
   * the later call counts.
   * @param options.extra default `{}`
   * @param options.alias the outlet under which an asset is updated that is not an outlet
   *   itself
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
 * Everything that a task body may use, as one argument.
 * @typeParam Params the validated params of the run
 * @typeParam Inputs the outputs of the tasks named in `inputs`
 * @typeParam Item the element of the list that the task, or its group, is mapped over
 * @example
 * d.task("report", async ({ logicalDate, log }) =>
 *   log.info(`report of ${logicalDate.toISODate()}`),
 * );
 */
export interface TaskContext<Params = unknown, Inputs = unknown, Item = unknown> {
  /** The id of the DAG. */
  readonly dagId: string;
  /** The id of the task, with the prefixes of its groups. */
  readonly taskId: string;
  /** The id of the run, as the page shows it. */
  readonly runId: string;
  /** 1 for the first try. */
  readonly tryNumber: number;
  /** Position of {@link item} in the list; -1 when the task is not mapped. */
  readonly mapIndex: number;
  /**
   * In a scheduled run: start of the data interval. In a manual run: the requested date,
   * or the moment of the request. In the DAG's timezone.
   */
  readonly logicalDate: DateTime<true>;
  /** The slice of time that the run works on. */
  readonly dataInterval: DataInterval;
  /**
   * The partition that the run works on, for a schedule made by `partitioned()`; else
   * null.
   */
  readonly partitionKey: string | null;
  /**
   * The trace context of the try, as the header `traceparent` of W3C Trace Context has it;
   * null while traces are off. A `fetch` sends it by itself; hand it to other programs.
   */
  readonly traceparent: string | null;
  /** The params of the run, validated by the DAG's schema. */
  readonly params: Params;
  /** The outputs of the tasks named in `inputs`, by the same names. */
  readonly inputs: Inputs;
  /**
   * The element of the list; in a group that loops, the state that the iteration begins
   * with.
   */
  readonly item: Item;
  /**
   * Aborted when the try is cancelled or times out, or when its worker stops. Code that
   * still runs some seconds later is killed.
   */
  readonly signal: AbortSignal;
  /** The log of this try. */
  readonly log: TaskLog;
  /** Values of other tasks of the run, besides their outputs. */
  readonly xcom: XCom;
  /** Labels and the note of the run. */
  readonly run: RunNotes;
  /** Reports what the task really runs, for people. */
  readonly rendered: Rendered;
  /** Runs parts of the task once, however many tries it takes. */
  readonly step: Step;
  /** Files for other tasks. */
  readonly files: TaskFiles;
  /** State that outlives the run. */
  readonly state: StateStore;
  /** The assets that the task updates and reads. */
  readonly assets: TaskAssets;
  /**
   * The assets or the event that made the run; null for a run by schedule, by hand or by
   * backfill.
   */
  readonly trigger: RunTrigger | null;
  /**
   * The events of one asset or event source that made the run, oldest first; empty when
   * another source made it.
   */
  readonly triggeredBy: TriggeredBy;
  /**
   * Opens a client of an outside system. The same reference gives the same client within
   * a try; the end of the try closes it.
   * @throws DagsmithError CONNECTION_NOT_FOUND, WRONG_CONNECTION_TYPE
   */
  hook<Client>(ref: HookRef<Client>): Promise<Client>;
  /**
   * The path of a folder that is part of the version, on this machine. Its files can only
   * be read; copy them where a program writes next to its files.
   * @throws DagsmithError FOLDER_NOT_BUNDLED, FOLDER_NOT_FOUND
   */
  pathOf(folder: BundledFolder): Promise<string>;
  /**
   * Reads a connection.
   * @throws DagsmithError CONNECTION_NOT_FOUND, INVALID_CONNECTION
   */
  connection(id: string): Promise<Connection>;
  /**
   * Reads a variable.
   * @throws DagsmithError VARIABLE_NOT_FOUND when it is not set and there is no
   *   `fallback`
   */
  variable(key: string, fallback?: string): Promise<string>;
}

/**
 * The work of a task: a function of its context. Operators are functions that return a
 * body.
 * @example
 * const greet =
 *   (name: string): TaskBody<string> =>
 *   ({ logicalDate }) =>
 *     `${name}, ${logicalDate.year}`;
 * d.task("greet", greet("hello"));
 */
export type TaskBody<Output = unknown, Context extends TaskContext = TaskContext> = (
  context: Context,
) => Output | Promise<Output>;

/** A body as it is kept: whatever context it takes. */
export type AnyTaskBody = TaskBody<unknown, TaskContext<never, never, never>>;

/**
 * A value, or a function of the task context that computes it. Fields of operators have
 * this type, for values that are known only when the task runs. Airflow: a templated
 * field.
 * @example
 * const fetchText =
 *   (url: FromContext<string>): TaskBody<string> =>
 *   async (context) =>
 *     (await fetch(await resolveField(url, context))).text();
 * d.task(
 *   "fetch",
 *   fetchText(({ logicalDate }) => `https://example.com/${logicalDate.toISODate()}`),
 * );
 */
export type FromContext<Value, Context extends TaskContext = TaskContext> =
  | Value
  | ((context: Context) => Value | Promise<Value>);

/**
 * The value of a {@link FromContext} field.
 * @example const url = await resolveField(options.url, context);
 */
export async function resolveField<Value, Context extends TaskContext>(
  field: FromContext<Value, Context>,
  context: Context,
): Promise<Value> {
  return typeof field === "function"
    ? (field as (context: Context) => Value | Promise<Value>)(context)
    : field;
}
