/** Limits, weight and queue of a task, as plain data. */

/**
 * Which weights are added to a task's own weight: of all tasks after it, of all tasks
 * before it, or none.
 */
export const WEIGHT_RULES = ["downstream", "upstream", "absolute"] as const;
/**
 * How the priority of a task is made from its `priorityWeight`: by adding the weights of
 * all tasks after it (`"downstream"`), of all tasks before it (`"upstream"`), or none
 * (`"absolute"`). Airflow: weight_rule.
 * @example d.task("first", { priorityWeight: 10, weightRule: "absolute" }, work);
 */
export type WeightRule = (typeof WEIGHT_RULES)[number];

/** The routing options of a task, with defaults filled in. */
export interface RoutingSpec {
  /** The pool whose slots its tries take; null for none. */
  readonly pool: string | null;
  /** Slots of the pool that one try takes. */
  readonly poolSlots: number;
  /** The higher, the sooner. */
  readonly priorityWeight: number;
  readonly weightRule: WeightRule;
  /** Null: the queue {@link DEFAULT_QUEUE}. */
  readonly queue: string | null;
  /** Most instances at the same time over all runs of the DAG; null for no limit. */
  readonly maxActiveAcrossRuns: number | null;
  /**
   * Most tries with one key at the same time. A null key is computed when a try begins.
   */
  readonly concurrency: { readonly key: string | null; readonly limit: number } | null;
  /**
   * Most starts with one key in a length of time. A null key is computed when a try
   * begins.
   */
  readonly rate: {
    readonly key: string | null;
    readonly limit: number;
    readonly perMs: number;
  } | null;
}

/**
 * Keys that were computed when a try began; null for a key that the task does not
 * compute.
 */
export interface LateKeys {
  readonly concurrency: string | null;
  readonly rate: string | null;
}

/** The queue of tasks and workers that name none. */
export const DEFAULT_QUEUE = "default";
/**
 * The pool that holds every task besides its own pool: the limit of the whole deployment.
 */
export const EVERY_TASK = "all";
/** Names of pools and queues. They stand in commands and addresses. */
export const ROUTE_NAME: RegExp = /^[\w.-]{1,100}$/;
