/** Tasks as people write them: their options, and the reference that stands for a task's future output. */

import type { Dag } from "../dag/dag.ts";
import type { TaskGroup } from "../dag/group.ts";
import type { Duration } from "../duration.ts";
import type { Asset, AssetAlias } from "../sources/asset.ts";
import type { TaskKind, TriggerRule } from "../spec/index.ts";
import { TASK_EVENTS } from "../spec/index.ts";
import type { TaskCallbacks } from "./callback.ts";
import type { TaskBody, TaskContext } from "./context.ts";
import type { Each } from "./items.ts";
import { type LazyList, LazyRef } from "./lazy.ts";
import type { LoopDefinition } from "./loop.ts";
import { PickRef } from "./pick.ts";
import { ROUTING_OPTIONS, type RoutingOptions } from "./routing.ts";
import { RULE_DEFAULTS, type RuleDefaults } from "./rules.ts";
import type { SensorTiming } from "./sensor.ts";

/** Options that a DAG may set for all its tasks (`defaults`) and each task may set for itself. */
export interface TaskDefaults extends RoutingOptions, RuleDefaults, TaskCallbacks {
  /** Tries after the first. Default 0. */
  readonly retries?: number;
  /** Wait before a retry. Default `"5m"`. */
  readonly retryDelay?: Duration;
  /**
   * How delays grow: each is this many times the one before, with a jitter of up to as much again; or `"linear"`: the n-th is n times the
   * first. Default 1: a constant delay.
   */
  readonly retryBackoff?: number | "linear";
  /** Adds up to this much to each delay, so that many tasks do not come back at once; `"0s"` turns off the jitter of backoff. */
  readonly retryJitter?: Duration;
  /** No retry begins later than this after the start of the first try. Default: no limit. */
  readonly retryTotal?: Duration;
  /** Whether a failed try may be followed by another; FailTask never is. Runs where the task ran. Default: always. */
  readonly retryIf?: (error: Error) => boolean;
  /** Longest delay that backoff may reach. Default 24 hours. */
  readonly maxRetryDelay?: Duration;
  /** Longest time one try may take; then it fails, and is retried if retries are left. Default: no limit. */
  readonly executionTimeout?: Duration;
  /** Longest time over all tries, counted from the start of the first; then the task has failed. Default: no limit. */
  readonly totalTimeout?: Duration;
  /** Longest time in the queue; a task that no worker has taken by then has failed. Default: no limit. */
  readonly queueTimeout?: Duration;
  /** When the task may run, judged from the tasks before it. Default `"all_success"`. */
  readonly triggerRule?: TriggerRule;
  /** Runs each try in a process that no other try has used. Default false. */
  readonly freshProcess?: boolean;
}

/** The names of these options; any other in `defaults` is refused. */
export const TASK_DEFAULTS = [
  ...[
    "retries",
    "retryDelay",
    "retryBackoff",
    "maxRetryDelay",
    "retryJitter",
    "retryTotal",
    "retryIf",
  ],
  ...["executionTimeout", "totalTimeout", "queueTimeout", "triggerRule", "freshProcess"],
  ...ROUTING_OPTIONS,
  ...TASK_EVENTS,
  ...RULE_DEFAULTS,
] as const satisfies readonly (keyof TaskDefaults)[];

/** The data that a task reads and writes, as far as other DAGs care. */
export interface Lineage {
  /** Assets that are updated whenever the task succeeds, and aliases for assets that it names while it runs. Default: none. */
  readonly outlets?: readonly (Asset | AssetAlias)[];
  /** Assets whose events the task reads. Default: none. */
  readonly inlets?: readonly Asset[];
}

/** Tasks whose outputs a task takes, by the name it knows them under. Naming one here also makes it a dependency. */
export type InputRefs = Readonly<
  Record<string, TaskRef<unknown> | LazyRef<unknown> | PickRef<unknown>>
>;

/**
 * The outputs that arrive for {@link InputRefs}. A task whose rule is not `all_success` may run although a task before it was skipped, by
 * a branch for one, or failed: then that input is undefined.
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

/** The output of a task; undefined for those after it when it failed and was allowed to. */
export type OutputOf<Output, Allowed extends boolean> = [Allowed] extends [false]
  ? Output
  : Output | undefined;

/** When a task takes part in runs. */
export interface TaskDates {
  /** First logical date whose run has this task, inclusive; in other runs it is skipped. ISO 8601, read in the DAG's timezone. */
  readonly startDate?: string;
  /** Last logical date whose run has this task, inclusive. */
  readonly endDate?: string;
}

/** Limits whose keys may be functions of what the task is given. */
type KeyedLimits<Params, Inputs, Rule extends TriggerRule, Item> = Pick<
  RoutingOptions<TaskContext<Params, InputValues<Inputs, Rule>, Item>>,
  "concurrencyKey" | "rateLimit"
>;

/** Options of one task. */
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
  readonly inputs?: Inputs;
  /** When the task may run, judged from the tasks before it. Default `"all_success"`. */
  readonly triggerRule?: Rule;
  /** Its failure counts as success for the tasks after it and for the run, which show a warning instead. Default false. */
  readonly allowFailure?: Allowed;
  /** One or two sentences for the page. */
  readonly doc?: string;
  readonly each?: never;
}

/** Options of a task that runs once for each element of a list. */
export interface MappedTaskOptions<
  Inputs extends InputRefs,
  Item,
  Rule extends TriggerRule = TriggerRule,
  Params = unknown,
> extends Omit<TaskDefaults, "concurrencyKey" | "rateLimit">,
    KeyedLimits<Params, Inputs, Rule, Item>,
    TaskDates,
    Lineage {
  readonly inputs?: Inputs;
  readonly triggerRule?: Rule;
  /** The failures of its instances count as success. Their outputs are missing from the list. */
  readonly allowFailure?: boolean;
  readonly doc?: string;
  /**
   * The list: the output of another task, literal items, or what `over`, `entries`, `cross`, `zip`, `concat` or `partial` made of such. An
   * empty list means that the task is skipped.
   */
  readonly each: Each<Item>;
  /** At most this many instances at once within a run. Default: no limit. */
  readonly maxActive?: number;
  /** A longer list fails the task before any instance of it exists. Default 100,000. */
  readonly maxItems?: number;
  /** What people call an instance, beside its index: `({ item }) => item.name`. Cut at 200 characters. Default: nothing. */
  readonly label?: (of: { readonly item: Item; readonly mapIndex: number }) => string;
}

/** The names of the options of tasks, of whatever kind; any other is refused. */
export const TASK_OPTIONS = [
  ...TASK_DEFAULTS,
  ...[
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
  ],
] as const satisfies readonly (keyof TaskDefinition["options"])[];

/** Everything the builder knows of a task. Frozen. */
export interface TaskDefinition {
  readonly options: TaskDefaults &
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
  /** What makes it a loop. */
  readonly loop?: LoopDefinition;
  /** The group it was declared in. */
  readonly group?: TaskGroup;
  /** Present for a sensor: its body is a poke. */
  readonly sensor?: SensorTiming;
  /** What it is beside work. */
  readonly kind?: TaskKind;
  /** Absent for a task that only holds a place in the graph, or that the runtime itself decides. */
  readonly body?: TaskBody<unknown, TaskContext<never, never, never>>;
}

/**
 * A task, and a promise of its output. Only {@link Dag.task} and {@link Dag.empty} make one, so a reference to a task that does not exist
 * cannot be written.
 */
export class TaskRef<out Output> {
  /** Carries the type of the output; has no value. */
  declare readonly output: Output;
  readonly dag: Dag<unknown>;
  readonly taskId: string;
  readonly definition: TaskDefinition;

  /** Called by the builder only. */
  constructor(dag: Dag<unknown>, taskId: string, definition: TaskDefinition) {
    this.dag = dag;
    this.taskId = taskId;
    this.definition = Object.freeze(definition);
  }
}

/** The task that an input comes from, however much of its output is taken. */
export function sourceOf(input: InputRefs[string]): TaskRef<unknown> {
  return input instanceof LazyRef || input instanceof PickRef ? input.source : input;
}
