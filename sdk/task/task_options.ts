/**
 * The options of tasks, and the types by which inputs and outputs fit together. See
 * docs/types.md.
 */
import type { Duration } from "../duration.ts";
import type { Asset, AssetAlias } from "../sources/asset.ts";
import { TASK_EVENTS, type TriggerRule } from "../spec/index.ts";
import type { TaskCallbacks } from "./callback.ts";
import type { TaskContext } from "./context.ts";
import type { Each } from "./items.ts";
import { type LazyList, LazyRef } from "./lazy.ts";
import { PickRef } from "./pick.ts";
import { ROUTING_OPTIONS, type RoutingOptions } from "./routing.ts";
import type { TaskRef } from "./task_ref.ts";

/**
 * Options that a task may set, and that a DAG or a group may set in `defaults` for all
 * its tasks. Airflow: default_args.
 * @example
 * dag("report", {
 *   defaults: { retries: 3, retryDelay: "30s", executionTimeout: "10m" },
 * });
 */
export interface TaskDefaults extends RoutingOptions, TaskCallbacks {
  /** Tries after the first. Default 0. */
  readonly retries?: number;
  /** Wait before a retry. Default `"5m"`. */
  readonly retryDelay?: Duration;
  /**
   * How delays grow. A number: each delay is this many times the delay before, plus a
   * random part of up to as much again. `"linear"`: the n-th delay is n times the first.
   * Default 1: a constant delay.
   */
  readonly retryBackoff?: number | "linear";
  /**
   * Longest random time added to each delay, so that many tasks do not retry at the same
   * instant. `"0s"` turns off the random part of `retryBackoff`. Default: none, without
   * backoff.
   */
  readonly retryJitter?: Duration;
  /**
   * No retry begins later than this after the start of the first try. Default: no limit.
   */
  readonly retryTotal?: Duration;
  /**
   * Whether another try may follow a failed try; runs in the process of the try. FailTask
   * is never retried. Default: true, but for an error with `retryable: false`, such as an
   * HttpError of 401 or 403.
   */
  readonly retryIf?: (error: Error) => boolean;
  /**
   * Longest delay before a retry. Default: 24 hours for delays that grow, else no limit.
   */
  readonly maxRetryDelay?: Duration;
  /**
   * Longest time of one try; then the try fails, and a retry follows if retries are left.
   * Default: no limit.
   */
  readonly executionTimeout?: Duration;
  /**
   * Longest time over all tries, from the start of the first try; then the task fails.
   * Default: no limit.
   */
  readonly totalTimeout?: Duration;
  /**
   * Longest time in the queue; a task that no worker has claimed by then fails. Default:
   * no limit.
   */
  readonly queueTimeout?: Duration;
  /**
   * When the task may run, decided from the tasks directly before it. Default
   * `"all_success"`.
   */
  readonly triggerRule?: TriggerRule;
  /** Runs each try in a process that no other try has used. Default false. */
  readonly freshProcess?: boolean;
  /**
   * Waits until the same task has ended as success or skipped in the run before: the run
   * with the logical date before; with `catchup: "all"`, manual runs do not count. The
   * first run, and the first run of a backfill, do not wait. Default false. Airflow:
   * depends_on_past.
   */
  readonly dependsOnPast?: boolean;
  /**
   * As {@link dependsOnPast}; also waits until the tasks directly after it have ended as
   * success or skipped in the run before. Default false. Airflow: wait_for_downstream.
   */
  readonly waitForDownstream?: boolean;
}

/** The names of these options. Any other name in `defaults` is refused. */
export const TASK_DEFAULTS = [
  "retries",
  "retryDelay",
  "retryBackoff",
  "maxRetryDelay",
  "retryJitter",
  "retryTotal",
  "retryIf",
  "executionTimeout",
  "totalTimeout",
  "queueTimeout",
  "triggerRule",
  "freshProcess",
  "dependsOnPast",
  "waitForDownstream",
  ...ROUTING_OPTIONS,
  ...TASK_EVENTS,
] as const satisfies readonly (keyof TaskDefaults)[];

/**
 * The data that a task writes and reads, for the DAGs that wait for it.
 * @example d.task("load", { outlets: [asset("s3://lake/orders")] }, load);
 */
export interface Lineage {
  /**
   * Assets that are updated whenever the task succeeds, and aliases for assets that the
   * task names while it runs. Default: none.
   */
  readonly outlets?: readonly (Asset | AssetAlias)[];
  /** Assets whose events the task reads. Default: none. */
  readonly inlets?: readonly Asset[];
}

/**
 * Outputs that a task takes, by the names under which its body gets them. Each is also a
 * dependency.
 * @example
 * const inputs: InputRefs = { rows, sizes: lazy(sizes), file: pick(stats, "file") };
 */
export type InputRefs = Readonly<
  Record<string, TaskRef<unknown> | LazyRef<unknown> | PickRef<unknown>>
>;

/**
 * The values that the body gets for {@link InputRefs}. With a trigger rule other than
 * `all_success` the task may run although a task before it was skipped or failed; then
 * the input is undefined, so its type has `| undefined`.
 * @example
 * // { rows: number | undefined }
 * type Values = InputValues<{ rows: TaskRef<number> }, "all_done">;
 */
export type InputValues<Inputs, Rule extends TriggerRule = "all_success"> = {
  readonly [Name in keyof Inputs]: Inputs[Name] extends LazyRef<infer Item>
    ? LazyList<Item>
    : Inputs[Name] extends TaskRef<infer Output> | PickRef<infer Output>
      ? [Rule] extends ["all_success"]
        ? Output
        : Output | undefined
      : never;
};

/**
 * The output of a task, as the tasks after it get it; with `allowFailure` it may be
 * undefined.
 * @example type Rows = OutputOf<number, true>; // number | undefined
 */
export type OutputOf<Output, Allowed extends boolean> = [Allowed] extends [false]
  ? Output
  : Output | undefined;

/**
 * In which runs a task takes part. In other runs it is skipped.
 * @example d.task("new_source", { startDate: "2026-03-01" }, load);
 */
export interface TaskDates {
  /**
   * First logical date, inclusive: ISO 8601, read in the DAG's timezone. Default: no
   * bound.
   */
  readonly startDate?: string;
  /**
   * Last logical date, inclusive: ISO 8601, read in the DAG's timezone. Default: no
   * bound.
   */
  readonly endDate?: string;
}

/** Limits whose keys may be functions of the task's context. */
type KeyedLimits<Params, Inputs, Rule extends TriggerRule, Item> = Pick<
  RoutingOptions<TaskContext<Params, InputValues<Inputs, Rule>, Item>>,
  "concurrencyKey" | "rateLimit"
>;

/**
 * Options of one task.
 * @example
 * d.task(
 *   "load",
 *   { inputs: { rows }, retries: 2, doc: "Loads the rows." },
 *   ({ inputs }) => load(inputs.rows),
 * );
 */
export interface TaskOptions<
  Inputs extends InputRefs,
  Rule extends TriggerRule = TriggerRule,
  Allowed extends boolean = boolean,
  Params = unknown,
  Item = undefined,
> extends Omit<TaskDefaults, "concurrencyKey" | "rateLimit">,
    KeyedLimits<Params, Inputs, Rule, Item>,
    TaskDates,
    Lineage {
  /**
   * Outputs of other tasks, by the names under which the body gets them. Each is also a
   * dependency.
   */
  readonly inputs?: Inputs;
  /**
   * When the task may run, decided from the tasks directly before it. Default
   * `"all_success"`.
   */
  readonly triggerRule?: Rule;
  /**
   * Its failure counts as success for the tasks after it and for the run, which shows a
   * warning. Default false.
   */
  readonly allowFailure?: Allowed;
  /** One or two sentences for the page. */
  readonly doc?: string;
  /** Never set here: a task with a list has {@link MappedTaskOptions}. */
  readonly each?: never;
}

/**
 * Options of a task that runs once for each element of a list. Airflow: expand.
 * @example
 * d.task("count", { each: repos, maxActive: 4, label: ({ item }) => item }, ({ item }) =>
 *   countOf(item),
 * );
 */
export interface MappedTaskOptions<
  Inputs extends InputRefs,
  Item,
  Rule extends TriggerRule = TriggerRule,
  Params = unknown,
> extends Omit<TaskDefaults, "concurrencyKey" | "rateLimit">,
    KeyedLimits<Params, Inputs, Rule, Item>,
    TaskDates,
    Lineage {
  /**
   * Outputs of other tasks, by the names under which the body gets them. Each is also a
   * dependency.
   */
  readonly inputs?: Inputs;
  /**
   * When the task may run, decided from the tasks directly before it. Default
   * `"all_success"`.
   */
  readonly triggerRule?: Rule;
  /**
   * Failures of its instances count as success. Their outputs are missing from the list.
   * Default false.
   */
  readonly allowFailure?: boolean;
  /** One or two sentences for the page. */
  readonly doc?: string;
  /**
   * The list: the output of another task, literal items, or a list made by `over`,
   * `entries`, `cross`, `zip`, `concat` or `partial`. With an empty list the task is
   * skipped.
   */
  readonly each: Each<Item>;
  /** Most instances at the same time within a run. Default: no limit. */
  readonly maxActive?: number;
  /** A longer list fails the task before any instance exists. Default 100,000. */
  readonly maxItems?: number;
  /** The label of an instance besides its index, cut at 200 characters. Default: none. */
  readonly label?: (of: { readonly item: Item; readonly mapIndex: number }) => string;
}

/** Options of a task of any kind, as a builder keeps them. */
export type GivenTaskOptions = TaskDefaults &
  TaskDates &
  Lineage & {
    readonly inputs?: InputRefs;
    readonly doc?: string;
    readonly each?: Each<unknown>;
    readonly maxActive?: number;
    readonly maxItems?: number;
    readonly label?: (of: { readonly item: never; readonly mapIndex: number }) => string;
    readonly allowFailure?: boolean;
  };

/** The names of the options of tasks of any kind. Any other name is refused. */
export const TASK_OPTIONS = [
  ...TASK_DEFAULTS,
  "inputs",
  "doc",
  "each",
  "maxActive",
  "maxItems",
  "label",
  "startDate",
  "endDate",
  "allowFailure",
  "outlets",
  "inlets",
] as const satisfies readonly (keyof GivenTaskOptions)[];

/** The task whose output an input is, or is a part of. */
export function sourceOf(input: InputRefs[string]): TaskRef<unknown> {
  return input instanceof LazyRef || input instanceof PickRef ? input.source : input;
}
