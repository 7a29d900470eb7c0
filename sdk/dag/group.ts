/**
 * Groups of tasks: a part of a DAG that has a name, options of its own, and can be wired as a whole. A plain group is a way to write a DAG; what
 * runs are its tasks, under ids that begin with the group's. A group that is mapped, retried or timed runs as one: see {@link TaskGroup.unit}.
 */

import type { Each, Items, MappedItems } from "../task/items.ts";
import type { LazyRef } from "../task/lazy.ts";
import { checkedLoop, type GroupLoop, type LoopDefinition } from "../task/loop.ts";
import type { PickRef } from "../task/pick.ts";
import { type TaskDefaults, type TaskDefinition, TaskRef } from "../task/task.ts";
import type { Dag } from "./dag.ts";

/** What a group says of itself as one: any of these makes it run as one. */
type UnitOptions = Pick<
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
 * Options of a group. With `retries`, a time-out or a `triggerRule` of its own (or `each`) it runs as one: it begins when all that its tasks
 * wait for outside it has ended, what comes after it waits for all of it, and it has failed when one of its last tasks has. A retry
 * runs all of its tasks again; `executionTimeout` is for one such try, `totalTimeout` for all of them.
 */
export interface GroupOptions extends UnitOptions {
  /** Options for every task in it that does not set them itself; they count before the DAG's, and a group inside before the one around it. */
  readonly defaults?: TaskDefaults;
  /** Whether ids of its tasks begin with its own: `extract.load`. Default true. */
  readonly prefix?: boolean;
  /** One or two sentences for people. */
  readonly doc?: string;
}

/** Options of a group that runs once for each element of a list. */
export interface MappedGroupOptions<Item> extends GroupOptions {
  /** The list, as a mapped task has it. Every task in the group gets the element as `item`; none of them can be mapped once more. */
  readonly each: Each<Item>;
  /** At most this many elements at once within a run, each from its first task to its last. Default: no limit. */
  readonly maxActive?: number;
  /** A longer list fails the group before anything of it runs. Default 100,000. */
  readonly maxItems?: number;
  /** What people call an element and its tasks, beside its index. Cut at 200 characters. Default: nothing. */
  readonly label?: (of: { readonly item: Item; readonly mapIndex: number }) => string;
}

/** Options of a group of either kind, as the builder keeps them. */
export type GivenGroupOptions = GroupOptions & {
  readonly each?: Each<unknown>;
  readonly loop?: LoopDefinition;
};

/** Options of a group that runs again and again, each time all of it, until that is enough. */
export interface LoopGroupOptions<State> extends GroupOptions {
  /** The loop. Every task in the group gets as `item` what the iteration before came to. */
  readonly loop: GroupLoop<State>;
}

/** Options that mean nothing without `each`. */
export const OPTIONS_OF_LISTS = [
  "maxActive",
  "maxItems",
  "label",
] as const satisfies (keyof MappedGroupOptions<unknown>)[];

const UNIT_OPTIONS = [
  ...["retries", "retryDelay", "retryBackoff", "maxRetryDelay", "retryJitter", "retryTotal"],
  ...["executionTimeout", "totalTimeout", "triggerRule", "each"],
  ...OPTIONS_OF_LISTS,
] as const;

export const GROUP_OPTIONS = ["defaults", "prefix", "doc", "loop", ...UNIT_OPTIONS] as const;

/**
 * What the tasks of a mapped group are for those outside it: wherever the group returned a reference to an output, the list of the outputs of all
 * elements that left one. A field of an element's output, and a list made of one, mean nothing outside.
 */
export type Lists<Result> =
  Result extends TaskRef<infer Output>
    ? TaskRef<Output[]>
    : Result extends TaskGroup<infer Inner>
      ? TaskGroup<Lists<Inner>>
      : Result extends LazyRef<infer Item>
        ? LazyRef<Item[]>
        : Result extends PickRef<unknown> | Items<unknown> | MappedItems<unknown>
          ? never
          : Result extends object
            ? { readonly [Name in keyof Result]: Lists<Result[Name]> }
            : Result;

/**
 * A group of tasks. Only {@link Dag.group} makes one.
 * @typeParam Result what the function that declared its tasks returned
 */
export class TaskGroup<out Result = unknown> {
  readonly dag: Dag<unknown>;
  /** With the ids of the groups around it: `outer.inner`. */
  readonly groupId: string;
  readonly parent: TaskGroup | null;
  readonly options: GroupOptions;
  /** The group as one of the tasks around it, when it runs as one; null for a plain group. */
  readonly unit: TaskRef<unknown> | null;
  /** What the function that declared its tasks returned: references for the tasks outside. */
  readonly result: Result;

  /** Called by the builder only. @param declare declares the tasks */
  constructor(
    of: { readonly dag: Dag<unknown>; readonly groupId: string; readonly parent: TaskGroup | null },
    options: GivenGroupOptions,
    declare: (group: TaskGroup) => Result,
  ) {
    this.dag = of.dag;
    this.groupId = of.groupId;
    this.parent = of.parent;
    this.options = Object.freeze({ ...options });
    this.unit = unitOf(this, options);
    this.result = declare(this);
  }
}

function unitOf(
  { dag, groupId, parent }: TaskGroup,
  options: GivenGroupOptions,
): TaskRef<unknown> | null {
  const own = UNIT_OPTIONS.flatMap((name) =>
    name in options ? [[name, options[name as keyof GroupOptions]] as const] : [],
  );
  const { loop } = options;
  if (loop === undefined && own.every(([, value]) => value === undefined)) return null;
  const definition: TaskDefinition = {
    options: {
      ...Object.fromEntries(own),
      ...(options.doc === undefined ? {} : { doc: options.doc }),
    },
    kind: { type: "group" },
    ...(loop ? { loop: checkedLoop(loop, `group "${groupId}" of DAG "${dag.dagId}"`) } : {}),
    ...(parent ? { group: parent } : {}),
  };
  return new TaskRef<unknown>(dag, groupId, definition);
}

/** What edges are drawn between. */
export type Wirable = TaskRef<unknown> | TaskGroup;

/** What begins the ids of a group's tasks; empty where prefixes are off. */
export function prefixOf(group: TaskGroup | null): string {
  if (group === null) return "";
  return group.options.prefix === false ? prefixOf(group.parent) : `${group.groupId}.`;
}

/** The groups around a task or group, the innermost first. */
export function groupsAround(of: Wirable): readonly TaskGroup[] {
  const groups: TaskGroup[] = [];
  for (
    let group = of instanceof TaskRef ? (of.definition.group ?? null) : of.parent;
    group !== null;
    group = group.parent
  )
    groups.push(group);
  return groups;
}

/** The groups around a task or group that run as one, the innermost first. */
export function unitsAround(of: Wirable): readonly TaskRef<unknown>[] {
  return groupsAround(of).flatMap(({ unit }) => unit ?? []);
}

/** The mapped group, or the loop, around a task, whose items are the task's; undefined when there is none. */
export function mappedAround(of: Wirable): TaskRef<unknown> | undefined {
  return unitsAround(of).find(
    ({ definition }) => definition.options.each !== undefined || definition.loop !== undefined,
  );
}

/** The loop whose iterations a task decides about: its own, or that of the group whose result it is. */
export function loopOf(ref: TaskRef<unknown>): LoopDefinition | undefined {
  return (
    ref.definition.loop ??
    groupsAround(ref).find(
      ({ unit, result }) => unit?.definition.loop !== undefined && result === ref,
    )?.unit?.definition.loop
  );
}

/** The options that a task has when it does not set them itself: of the groups around it, the innermost counting, and of its DAG. */
export function inheritedDefaults(ref: TaskRef<unknown>): TaskDefaults {
  const isGroup = ref.definition.kind?.type === "group";
  const own = isGroup ? ref.dag.groups.filter(({ unit }) => unit === ref) : [];
  const around = [...own, ...groupsAround(ref)].toReversed();
  const { dependsOnPast, waitForDownstream, ...defaults } = Object.assign(
    {},
    ref.dag.options.defaults,
    ...around.map(({ options }) => options.defaults),
  ) as TaskDefaults;
  const given = {
    ...(dependsOnPast !== undefined && { dependsOnPast }),
    ...(waitForDownstream !== undefined && { waitForDownstream }),
  };
  // Lists differ from run to run, so that an element has no past: what there is of it is asked of the mapped group as a whole.
  const past = mappedAround(ref) ? {} : given;
  // Defaults are for tasks.
  return isGroup ? past : { ...defaults, ...past };
}
