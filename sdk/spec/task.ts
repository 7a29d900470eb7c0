/** A task as plain data. */
import type { OutletSpec } from "./assets.ts";
import type { TaskEvent } from "./callbacks.ts";
import type { EachSpec } from "./each.ts";
import type { TaskRules } from "./kind.ts";
import type { QuestionSpec } from "./question.ts";
import type { RoutingSpec } from "./routing.ts";
import type { SensorSpec } from "./sensor.ts";
import type { WaitSpec } from "./wait.ts";

/** The trigger rules, in Airflow's names. Every teardown has the last rule. */
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
/**
 * When a task may run, decided from the states of the tasks directly before it. Names and
 * meanings are those of Airflow's TriggerRule. `"all_success"` is the default.
 * `"all_done_setup_success"` is the rule of teardowns.
 * @example d.task("alarm", { inputs: { load }, triggerRule: "one_failed" }, sendAlarm);
 */
export type TriggerRule = (typeof TRIGGER_RULES)[number];

/**
 * A task, or a group that runs as a group instance. Fields that few tasks use are absent
 * elsewhere.
 */
export interface TaskSpec extends TaskRules {
  readonly taskId: string;
  /**
   * The name of the operator's function; `task` for a body written in place, `empty` for
   * a task without a body, `group` for a group.
   */
  readonly operator: string;
  readonly doc: string | null;
  /**
   * Ids of the tasks directly before this task, in the order in which they were wired.
   */
  readonly upstream: readonly string[];
  /** Input name to the id of the task whose output it is. */
  readonly inputs: Readonly<Record<string, string>>;
  /** The group in which the task was declared. */
  readonly group?: string;
  /**
   * The innermost group around the task that runs as a group instance; the group is a
   * task of that id. The tasks directly before and after this task are in the same group.
   */
  readonly parentGroup?: string;
  /**
   * Names of the inputs that are loaded while the task runs, when the body asks for them.
   */
  readonly lazyInputs?: readonly string[];
  /**
   * Input name to the field of the output that the task gets, for inputs that are not a
   * whole output.
   */
  readonly picks?: Readonly<Record<string, string>>;
  /** The list that the task is mapped over; null when it is not mapped. */
  readonly each: EachSpec | null;
  /** Longest list, when the task sets a limit. */
  readonly maxItems?: number;
  /** Most instances of a mapped task at the same time within a run; null for no limit. */
  readonly maxActive: number | null;
  /**
   * First logical date of the runs with this task, inclusive: ISO 8601 in UTC; null for
   * no bound.
   */
  readonly startDate: string | null;
  /**
   * Last logical date of the runs with this task, inclusive: ISO 8601 in UTC; null for no
   * bound.
   */
  readonly endDate: string | null;
  readonly triggerRule: TriggerRule;
  /** Tries after the first. */
  readonly retries: number;
  readonly retryDelayMs: number;
  /** Each delay is this many times the delay before; 1 keeps it constant. */
  readonly retryBackoff: number;
  readonly maxRetryDelayMs: number | null;
  /** Longest time of one try; null for no limit. */
  readonly executionTimeoutMs: number | null;
  /** Whether each try runs in a process that no other try has used. */
  readonly freshProcess: boolean;
  /** Assets and aliases that the task updates. */
  readonly outlets: readonly OutletSpec[];
  /** URIs of assets whose events the task reads. */
  readonly inlets: readonly string[];
  /** Limits, weight and queue. */
  readonly routing?: RoutingSpec;
  /** The n-th delay is n times the first. */
  readonly retryLinear?: true;
  /** Longest time added to each delay. It replaces the jitter that backoff adds. */
  readonly retryJitterMs?: number;
  /** No try begins later than this after the start of the first try. */
  readonly retryTotalMs?: number;
  /** Longest time over all tries, from the start of the first try. */
  readonly totalTimeoutMs?: number;
  /** Longest time in the queue. */
  readonly queueTimeoutMs?: number;
  /** Present for a sensor: its body is a poke. */
  readonly sensor?: SensorSpec;
  /** What the task waits for instead of running, when that does not depend on the run. */
  readonly wait?: WaitSpec;
  /** Present for a call: the DAG that it calls, and whether it waits for the run. */
  readonly call?: { readonly dagId: string; readonly waits: boolean };
  /** Present for a question to people. */
  readonly ask?: QuestionSpec;
  /** Events that have a callback. */
  readonly callbacks?: readonly TaskEvent[];
}
