/**
 * Groups of tasks: a part of a DAG that has a name, options of its own, and can be wired as a whole. A group is a way to write a DAG; what runs
 * are its tasks, under ids that begin with the group's.
 */
import type { Dag } from "./dag.ts";
import { type TaskDefaults, TaskRef } from "./task.ts";

/** Options of a group. */
export interface GroupOptions {
  /** Options for every task in it that does not set them itself; they count before the DAG's, and a group inside before the one around it. */
  readonly defaults?: TaskDefaults;
  /** Whether ids of its tasks begin with its own: `extract.load`. Default true. */
  readonly prefix?: boolean;
  /** One or two sentences for people. */
  readonly doc?: string;
}

export const GROUP_OPTIONS = ["defaults", "prefix", "doc"] as const satisfies (keyof GroupOptions)[];

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
  /** What the function that declared its tasks returned: references for the tasks outside. */
  readonly result: Result;

  /** Called by the builder only. @param declare declares the tasks */
  constructor(
    of: { readonly dag: Dag<unknown>; readonly groupId: string; readonly parent: TaskGroup | null },
    options: GroupOptions,
    declare: (group: TaskGroup) => Result,
  ) {
    this.dag = of.dag;
    this.groupId = of.groupId;
    this.parent = of.parent;
    this.options = Object.freeze({ ...options });
    this.result = declare(this);
  }
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
  for (let group = of instanceof TaskRef ? (of.definition.group ?? null) : of.parent; group !== null; group = group.parent)
    groups.push(group);
  return groups;
}

/** The options that a task has when it does not set them itself: of the groups around it, the innermost counting, and of its DAG. */
export function inheritedDefaults(ref: TaskRef<unknown>): TaskDefaults {
  const around = groupsAround(ref).toReversed();
  return Object.assign({}, ref.dag.options.defaults, ...around.map(({ options }) => options.defaults));
}

/** An edge of which at least one end is a group. */
export interface GroupEdge {
  readonly from: Wirable;
  readonly to: Wirable;
}

/**
 * Adds to the edges between tasks those that edges to and from groups amount to: from the last tasks of a group, to the first ones. Done when
 * the whole DAG is known, because an edge that is drawn later inside a group changes which these are.
 * @param upstream task id to the ids directly before it
 */
export function withGroupEdges(
  tasks: readonly TaskRef<unknown>[],
  upstream: ReadonlyMap<string, ReadonlySet<string>>,
  edges: readonly GroupEdge[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const resolved = new Map([...upstream].map(([taskId, before]) => [taskId, new Set(before)]));
  // What lies deeper in groups first: an edge inside a group decides on the first and last tasks that an edge to the group means.
  const depth = ({ from, to }: GroupEdge): number => Math.min(groupsAround(from).length, groupsAround(to).length);
  for (const { from, to } of edges.toSorted((a, b) => depth(b) - depth(a))) {
    const [lasts, firsts] = [leavesOf(from, tasks, resolved), rootsOf(to, tasks, resolved)];
    for (const first of firsts) for (const last of lasts) resolved.get(first)?.add(last);
  }
  return resolved;
}

type Edges = ReadonlyMap<string, ReadonlySet<string>>;

function rootsOf(of: Wirable, tasks: readonly TaskRef<unknown>[], upstream: Edges): readonly string[] {
  const inside = membersOf(of, tasks);
  return [...inside].filter((taskId) => ![...(upstream.get(taskId) ?? [])].some((before) => inside.has(before)));
}

function leavesOf(of: Wirable, tasks: readonly TaskRef<unknown>[], upstream: Edges): readonly string[] {
  const inside = membersOf(of, tasks);
  const followed = new Set([...inside].flatMap((taskId) => [...(upstream.get(taskId) ?? [])]));
  return [...inside].filter((taskId) => !followed.has(taskId));
}

/** Ids of the tasks in a group, at any depth; a task is its own only member. */
function membersOf(of: Wirable, tasks: readonly TaskRef<unknown>[]): ReadonlySet<string> {
  if (of instanceof TaskRef) return new Set([of.taskId]);
  return new Set(tasks.filter((ref) => groupsAround(ref).includes(of)).map(({ taskId }) => taskId));
}
