/**
 * How a task reaches a worker: its limits, its priority and its queue. Apart from the
 * other options, because the engine reads them together, and most tasks set none of them.
 */
import type { Duration } from "../duration.ts";
import type { WeightRule } from "../spec/index.ts";
import type { FromContext, TaskContext } from "./context.ts";

/**
 * A limit on how often tries start: at most `limit` in any window of length `per`, over
 * all tasks, DAGs and workers that name the same `key`.
 * @example
 * d.task("ask", { rateLimit: { key: "api.github.com", limit: 100, per: "60s" } }, ask);
 */
export interface RateLimit<Context extends TaskContext = TaskContext> {
  /**
   * Names the limit, such as the host of an API; or a function of the task's context. 1
   * to 200 bytes. Tasks that share a key should declare the same limit.
   */
  readonly key: FromContext<string, Context>;
  /** Number of starts. Every try counts as a start. From 1 to 1,000,000. */
  readonly limit: number;
  /** Length of the window, from one second to one day. */
  readonly per: Duration;
}

/**
 * Limits and order. A task without limits is queued as soon as its trigger rule is met. A
 * task with limits waits until each of its limits has a free slot. Slots are given by
 * priority weight, then by logical date, then by map index.
 * @example
 * d.task("call", { pool: "api", priorityWeight: 10, maxActiveAcrossRuns: 4 }, call);
 */
export interface RoutingOptions<Context extends TaskContext = TaskContext> {
  /** The pool whose slots its tries take; see `dag pools`. Default: none, so no limit. */
  readonly pool?: string;
  /** Slots of the pool that one try takes. Default 1. */
  readonly poolSlots?: number;
  /** The higher, the sooner. Default 1. */
  readonly priorityWeight?: number;
  /**
   * Which weights are added to the task's own: of every task after it, of every task
   * before it (each task once), or none. Default `"downstream"`.
   */
  readonly weightRule?: WeightRule;
  /**
   * Only workers that serve this queue (`dag worker --queues`) run the task. Default
   * `"default"`.
   */
  readonly queue?: string;
  /**
   * Most instances of the task at the same time over all runs of the DAG. Default: no
   * limit. Airflow: max_active_tis_per_dag.
   */
  readonly maxActiveAcrossRuns?: number;
  /**
   * Tries with the same key run one at a time, or {@link maxActivePerKey} at a time, over
   * all tasks and DAGs. 1 to 200 bytes. A function of the task's context is computed in a
   * task process; then the try waits for its slot. A sensor computes it once in a try,
   * before the first poke. Default: no limit.
   */
  readonly concurrencyKey?: FromContext<string, Context>;
  /** Most tries with the same {@link concurrencyKey} at the same time. Default 1. */
  readonly maxActivePerKey?: number;
  /** How often tries may start, counted over all workers. Default: no limit. */
  readonly rateLimit?: RateLimit<Context>;
}

/** The names of these options. */
export const ROUTING_OPTIONS = [
  "pool",
  "poolSlots",
  "priorityWeight",
  "weightRule",
  "queue",
  "maxActiveAcrossRuns",
  "concurrencyKey",
  "maxActivePerKey",
  "rateLimit",
] as const satisfies readonly (keyof RoutingOptions)[];
