/** Tasks as people write them: their options, and the reference that stands for a task's future output. */
import type { Asset, AssetAlias } from "./asset.ts";
import type { TaskBody, TaskContext } from "./context.ts";
import type { Dag } from "./dag.ts";
import type { Duration } from "./duration.ts";
import type { TriggerRule } from "./spec.ts";

/** Options that a DAG may set for all its tasks (`defaults`) and each task may set for itself. */
export interface TaskDefaults {
  /** Tries after the first. Default 0. */
  readonly retries?: number;
  /** Wait before a retry. Default `"5m"`. */
  readonly retryDelay?: Duration;
  /** Each delay is this many times the one before. Default 1: a constant delay. */
  readonly retryBackoff?: number;
  /** Longest delay that backoff may reach. Default 24 hours. */
  readonly maxRetryDelay?: Duration;
  /** Longest time one try may take; then it fails, and is retried if retries are left. Default: no limit. */
  readonly executionTimeout?: Duration;
  /** When the task may run, judged from the tasks before it. Default `"all_success"`. */
  readonly triggerRule?: TriggerRule;
  /** Runs each try in a process that no other try has used. Default false. */
  readonly freshProcess?: boolean;
}

/** The data that a task reads and writes, as far as other DAGs care. */
export interface Lineage {
  /** Assets that are updated whenever the task succeeds, and aliases for assets that it names while it runs. Default: none. */
  readonly outlets?: readonly (Asset | AssetAlias)[];
  /** Assets whose events the task reads. Default: none. */
  readonly inlets?: readonly Asset[];
}

/** Tasks whose outputs a task takes, by the name it knows them under. Naming one here also makes it a dependency. */
export type InputRefs = Readonly<Record<string, TaskRef<unknown>>>;

/** The outputs that arrive for {@link InputRefs}. */
export type InputValues<Inputs> = { readonly [Name in keyof Inputs]: Inputs[Name] extends TaskRef<infer Output> ? Output : never };

/** Options of one task. */
export interface TaskOptions<Inputs extends InputRefs> extends TaskDefaults, Lineage {
  readonly inputs?: Inputs;
  /** One or two sentences for the page. */
  readonly doc?: string;
  readonly each?: never;
}

/** Options of a task that runs once for each element of a list. */
export interface MappedTaskOptions<Inputs extends InputRefs, Item> extends TaskDefaults, Lineage {
  readonly inputs?: Inputs;
  readonly doc?: string;
  /** The list: the output of another task, or literal items. An empty list means that the task is skipped. */
  readonly each: TaskRef<readonly Item[]> | readonly Item[];
  /** At most this many instances at once within a run. Default: no limit. */
  readonly maxActive?: number;
}

/** Everything the builder knows of a task. Frozen. */
export interface TaskDefinition {
  readonly options: TaskDefaults &
    Lineage & {
      readonly inputs?: InputRefs;
      readonly doc?: string;
      readonly each?: TaskRef<readonly unknown[]> | readonly unknown[];
      readonly maxActive?: number;
    };
  /** Absent for a task that only holds a place in the graph. */
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
