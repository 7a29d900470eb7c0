/** The options of groups. */
import { invalidOption } from "../option_values.ts";
import type { WhenMapped } from "../task/given_options.ts";
import type { Each } from "../task/items.ts";
import type { GroupLoop, LoopDefinition } from "../task/loop.ts";
import type { TaskDefaults } from "../task/task_options.ts";

/** Options that give a group instances, which begin, are retried and end as a whole. */
type InstanceOptions = Pick<
  TaskDefaults,
  | "retries"
  | "retryDelay"
  | "retryBackoff"
  | "maxRetryDelay"
  | "retryJitter"
  | "retryTotal"
  | "executionTimeout"
  | "totalTimeout"
  | "triggerRule"
>;

/**
 * Options of a group. `retries`, a timeout or a `triggerRule` (also `each` and `loop`)
 * give the group an instance, which runs as a whole: it begins when everything outside
 * that its tasks wait for has ended; what comes after the group waits for all of it; it
 * has failed when one of its last tasks has. A retry runs all of its tasks again.
 * `executionTimeout` limits one such try, `totalTimeout` all of them.
 * @example
 * d.group(
 *   "load",
 *   { retries: 2, executionTimeout: "1h", defaults: { pool: "lake" } },
 *   (g) => g.task("copy", copy),
 * );
 */
export interface GroupOptions extends InstanceOptions {
  /**
   * Options for every task of the group that does not set them itself. They count before
   * the DAG's defaults, and those of an inner group before those of an outer group.
   * Default: none.
   */
  readonly defaults?: TaskDefaults;
  /**
   * Whether the ids of its tasks begin with the group's id: `extract.load`. Default true.
   */
  readonly prefix?: boolean;
  /** One or two sentences for the page. */
  readonly doc?: string;
}

/**
 * Options of a group that runs once for each element of a list. Airflow: expand of a task
 * group.
 * @example
 * d.group("import", { each: files, maxActive: 8, label: ({ item }) => item }, (g) =>
 *   g.task("read", ({ item }) => read(item)),
 * );
 */
export interface MappedGroupOptions<Item> extends GroupOptions {
  /**
   * The list, as of a mapped task. Every task of the group gets the element as `item`. A
   * task of the group cannot be mapped again.
   */
  readonly each: Each<Item>;
  /** Most instances of the group at the same time within a run. Default: no limit. */
  readonly maxActive?: number;
  /** A longer list fails the group before any of its tasks runs. Default 100,000. */
  readonly maxItems?: number;
  /** The label of an instance besides its index, cut at 200 characters. Default: none. */
  readonly label?: (of: { readonly item: Item; readonly mapIndex: number }) => string;
}

/**
 * Options of a group that runs again and again until a condition holds.
 * @example
 * d.group(
 *   "pages",
 *   { loop: { initial: "", until: (cursor) => cursor === "", maxIterations: 100 } },
 *   (g) => g.task("load", async ({ item }) => (await loadPage(item)).nextCursor),
 * );
 */
export interface LoopGroupOptions<State> extends GroupOptions {
  /**
   * The loop. Every task of the group gets as `item` the result of the iteration before;
   * in the first iteration, the loop's `initial`.
   */
  readonly loop: GroupLoop<State>;
}

/** `Looped` when the options have a loop, else `Plain`. */
export type WhenLooped<Names, Looped, Plain> = "loop" extends Names ? Looped : Plain;

/** The options of a group with a list, with a loop, or with neither. */
export type GroupOptionsOf<Names, Each, Of, State> = WhenMapped<
  Names,
  Each,
  MappedGroupOptions<Of>,
  WhenLooped<Names, LoopGroupOptions<State>, GroupOptions>
>;

/** Options of a group of any kind, as a builder keeps them. */
export type GivenGroupOptions = GroupOptions & {
  readonly each?: Each<unknown>;
  readonly loop?: LoopDefinition;
};

/** Options that have no effect without `each`. */
const OPTIONS_OF_LISTS = [
  "maxActive",
  "maxItems",
  "label",
] as const satisfies (keyof MappedGroupOptions<unknown>)[];

/** Each of these options gives the group an instance; `loop` does, too. */
export const INSTANCE_OPTIONS = [
  "retries",
  "retryDelay",
  "retryBackoff",
  "maxRetryDelay",
  "retryJitter",
  "retryTotal",
  "executionTimeout",
  "totalTimeout",
  "triggerRule",
  "each",
  ...OPTIONS_OF_LISTS,
] as const;

/** The names of the options of groups. Any other name is refused. */
export const GROUP_OPTIONS = ["defaults", "prefix", "doc", "loop", ...INSTANCE_OPTIONS] as const;

/**
 * Refuses options that have no effect together.
 * @throws DagsmithError INVALID_OPTION
 */
export function refuseMisplacedOptions(options: GivenGroupOptions, where: string): void {
  if (options.each !== undefined && options.loop)
    throw invalidOption(where, "loop", "set together with each", "one of the two");
  if (options.each !== undefined) return;
  const misplaced = OPTIONS_OF_LISTS.find((name) => name in options);
  if (misplaced) throw invalidOption(where, misplaced, "set without each", "in a group with each");
}
