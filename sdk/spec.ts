/**
 * A DAG as plain JSON: what the scheduler, the engine and the page know of it. They never load user code. Made by the DAG builder,
 * read by everything in runtime/.
 */
import type { DeadlineSpec, RunEvent, TaskEvent } from "./callback.ts";
import type { Json } from "./json.ts";
import type { RoutingSpec } from "./routing.ts";
import type { TaskRules } from "./rules.ts";
import type { NamedSchedule } from "./schedule.ts";
import type { SensorSpec } from "./sensor.ts";
import type { WaitSpec } from "./wait.ts";

/** The shape of the specs below. Part of every version's hash, so that an upgrade of dagsmith describes every DAG anew. */
export const SPEC_FORMAT = 5;

/**
 * When a task may run, judged from the states of the tasks before it (Airflow's names and meanings). The last one is what every teardown
 * has.
 */
export const TRIGGER_RULES = [
  "all_success",
  "all_failed",
  "all_done",
  "all_done_min_one_success",
  "all_skipped",
  "one_success",
  "one_failed",
  "one_done",
  "none_failed",
  "none_failed_min_one_success",
  "none_skipped",
  "always",
  "all_done_setup_success",
] as const;
export type TriggerRule = (typeof TRIGGER_RULES)[number];

/** Which missed intervals get a run: every one, only the latest, or none that ended before now. */
export type Catchup = "all" | "last" | "none";

/** Which of several missed intervals runs first. */
export type CatchupOrder = "oldest" | "newest";

/** Where something is declared: a path relative to the DAG folder and a line counted from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
}

/** When assets let a DAG run: `all` and `any` of conditions, down to single assets and to aliases for several. */
export type AssetCondition =
  | { readonly asset: string }
  | { readonly alias: string }
  | { readonly all: readonly AssetCondition[] }
  | { readonly any: readonly AssetCondition[] };

/** An asset that a task updates when it succeeds, or an alias for assets that it names while it runs. */
type OutletSpec = { readonly asset: string } | { readonly alias: string };

/** How the list that a task is mapped over is put together. */
export type EachSpec =
  /** The list that is a task's output, or a field of it. */
  | { readonly taskId: string; readonly field?: string }
  /** Items known when the DAG was written. */
  | { readonly items: readonly Json[] }
  /** The entries of the record that is a task's output. */
  | { readonly entriesOf: string }
  /** Every combination, the last list going round fastest. */
  | { readonly cross: readonly { readonly name: string; readonly list: EachSpec }[] }
  /** Side by side: as many as the shortest list has, or with a value for what is missing as the longest. */
  | { readonly zip: readonly EachSpec[]; readonly fillValue?: Json }
  /** One after the other. */
  | { readonly concat: readonly EachSpec[] }
  /**
   * No list: a loop, of which each iteration is an instance that follows from the one before. Of a group also the item of the first iteration, and the
   * task whose output is that of the next one.
   */
  | {
      readonly loop: {
        readonly maxIterations: number;
        readonly initial?: Json;
        readonly result?: string;
      };
    };

/** An event that starts runs; its name is unique within the DAG. */
export type EventSpec =
  | {
      readonly type: "postgresChanges";
      readonly name: string;
      readonly connection: string;
      readonly schema: string;
      readonly table: string;
      readonly operations: readonly ("insert" | "update" | "delete")[];
      /** At most this many changes make one run. */
      readonly batch: number;
    }
  | {
      readonly type: "webhook";
      readonly name: string;
      /** The key of the variable that holds the secret. */
      readonly secret: string;
      /** JSON Schema (draft 2020-12) of the body; null for any. */
      readonly bodySchema: Json | null;
    }
  | {
      readonly type: "dagRun";
      readonly name: string;
      /** The ends that are waited for, one of each, no further apart than `withinMs`. */
      readonly runs: readonly {
        readonly dagId: string;
        readonly states: readonly ("success" | "failed")[];
      }[];
      readonly withinMs: number;
    };

export interface TaskSpec extends TaskRules {
  readonly taskId: string;
  /** The name of the operator's function; `task` for a body written in place, `empty` for a task without one, `group` for a group as one. */
  readonly operator: string;
  readonly doc: string | null;
  /** Ids of the tasks directly before this one, in the order in which they were wired. */
  readonly upstream: readonly string[];
  /** Input name to the id of the task whose output it is. */
  readonly inputs: Readonly<Record<string, string>>;
  /** The group it was declared in. */
  readonly group?: string;
  /** The innermost group around it that runs as one, which is a task of that id: it takes part in that, and all before and after it do, too. */
  readonly within?: string;
  /** Names of inputs that are loaded while the task runs, if it asks for them. */
  readonly lazyInputs?: readonly string[];
  /** Input name to the field of that output which arrives, where it is not the whole. */
  readonly picks?: Readonly<Record<string, string>>;
  /** The list this task is mapped over. Null when not mapped. */
  readonly each: EachSpec | null;
  /** Longest list it may be mapped over, when it says so itself. */
  readonly maxItems?: number;
  /** At most this many instances of a mapped task at once within a run; null for no limit. */
  readonly maxActive: number | null;
  /** ISO 8601 in UTC, inclusive bounds of the logical date of runs in which the task takes part; null for no bound of its own. */
  readonly startDate: string | null;
  readonly endDate: string | null;
  readonly triggerRule: TriggerRule;
  /** Tries after the first. */
  readonly retries: number;
  readonly retryDelayMs: number;
  /** Each delay is this many times the one before; 1 keeps it constant. */
  readonly retryBackoff: number;
  readonly maxRetryDelayMs: number | null;
  /** Longest time one try may take; null for no limit. */
  readonly executionTimeoutMs: number | null;
  /** Runs in a process of its own that no other try has used. */
  readonly freshProcess: boolean;
  readonly outlets: readonly OutletSpec[];
  /** URIs of assets whose events the task reads. */
  readonly inlets: readonly string[];
  /** Limits, weight and queue; absent when the task says nothing of them. */
  readonly routing?: RoutingSpec;
  // What few tasks use is left out where it is not used.
  /** The n-th delay is n times the first. */
  readonly retryLinear?: true;
  /** Added to each delay: up to this much, the same for the same try. Takes the place of the jitter that backoff has of itself. */
  readonly retryJitterMs?: number;
  /** Counted from the start of the first try: no try begins later than this. */
  readonly retryTotalMs?: number;
  /** Longest time over all tries, counted from the start of the first. */
  readonly totalTimeoutMs?: number;
  /** Longest time in the queue. */
  readonly queueTimeoutMs?: number;
  /** Its body is a poke. */
  readonly sensor?: SensorSpec;
  /** What it waits for instead of running, when that is known without running it. */
  readonly wait?: WaitSpec;
  /** What it calls back at. */
  readonly callbacks?: readonly TaskEvent[];
}

/** A group of tasks. */
export interface GroupSpec {
  /** With the ids of the groups around it. */
  readonly groupId: string;
  /** The group around it. */
  readonly parent: string | null;
  readonly doc: string | null;
}

export interface DagSpec {
  readonly dagId: string;
  readonly description: string | null;
  readonly tags: readonly string[];
  /** Several have names; empty when it runs only when somebody or something asks. */
  readonly schedules: readonly NamedSchedule[];
  /** The assets it waits for, beside its schedules; null when none. */
  readonly assets: AssetCondition | null;
  /** The events that start it. */
  readonly on: readonly EventSpec[];
  /** What is known of the assets that it names, by URI; those without a name or extra are left out. */
  readonly assetDetails: Readonly<
    Record<string, { readonly name: string | null; readonly extra: Json }>
  >;
  /** IANA name; the zone of the dates a task sees. */
  readonly timezone: string;
  /** ISO 8601 in UTC, inclusive bounds of the logical date. */
  readonly startDate: string | null;
  readonly endDate: string | null;
  readonly catchup: Catchup;
  /** Absent: the oldest first. */
  readonly catchupOrder?: "newest";
  readonly maxActiveRuns: number;
  /** Task instances at once over all runs, and within each; absent for no limit. */
  readonly maxActiveTasks?: number;
  readonly maxActiveTasksPerRun?: number;
  readonly pausedAtCreation: boolean;
  /** What its runs call back at; absent for nothing. */
  readonly callbacks?: readonly RunEvent[];
  readonly deadlines?: readonly DeadlineSpec[];
  /** The first failure ends the run. */
  readonly failFast?: true;
  /** Longest time from a run's start to its end. */
  readonly dagRunTimeoutMs?: number;
  /** Pauses the DAG when as many runs failed one after the other. */
  readonly maxConsecutiveFailedDagRuns?: number;
  /** JSON Schema (draft 2020-12) of the params; null when the DAG declares none. */
  readonly paramsSchema: Json | null;
  /** Its groups, when it has any; those inside others after them. */
  readonly groups?: readonly GroupSpec[];
  /** In topological order: a task stands behind every task it depends on, and behind the group that it is within. */
  readonly tasks: readonly TaskSpec[];
}
