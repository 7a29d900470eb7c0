/**
 * What edges between tasks and groups amount to. A group that runs as one is one of the tasks around it, so an edge that enters or leaves it is
 * one to or from the group; a plain group stands for its first tasks where something comes before it, and for its last ones where something comes
 * after. Done when the whole DAG is known, because an edge that is drawn later inside a group changes which these are.
 */

import { TaskRef } from "../task/task.ts";
import { groupsAround, TaskGroup, unitsAround, type Wirable } from "./group.ts";

export interface Edge {
  readonly from: Wirable;
  readonly to: Wirable;
}

type Upstream = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * Task id to the ids directly before it.
 * @param units tasks, and groups that run as one
 * @param edges in the order in which they were drawn
 */
export function upstreamOfAll(
  units: readonly TaskRef<unknown>[],
  edges: readonly Edge[],
): Upstream {
  const upstream = new Map(units.map(({ taskId }) => [taskId, new Set<string>()]));
  const raised = edges.map(raise);
  for (const { from, to } of raised)
    if (from instanceof TaskRef && to instanceof TaskRef) upstream.get(to.taskId)?.add(from.taskId);
  // What lies deeper in groups first: an edge inside a group decides on the first and last tasks that an edge to the group means.
  const depth = ({ from, to }: Edge): number =>
    Math.min(groupsAround(from).length, groupsAround(to).length);
  const ofGroups = raised.filter(
    ({ from, to }) => from instanceof TaskGroup || to instanceof TaskGroup,
  );
  for (const { from, to } of ofGroups.toSorted((a, b) => depth(b) - depth(a))) {
    const [lasts, firsts] = [leavesOf(from, units, upstream), rootsOf(to, units, upstream)];
    for (const first of firsts) for (const last of lasts) upstream.get(first)?.add(last);
  }
  return upstream;
}

/** The edge between what holds its ends where they lie side by side: in the innermost group that runs as one and has both, or in the DAG. */
function raise({ from, to }: Edge): Edge {
  const around = new Set(unitsAround(to));
  const shared = unitsAround(from).find((unit) => around.has(unit));
  return { from: raisedInto(shared, from), to: raisedInto(shared, to) };
}

function raisedInto(shared: TaskRef<unknown> | undefined, of: Wirable): Wirable {
  const inside = unitsAround(of);
  const outermost = inside[(shared ? inside.indexOf(shared) : inside.length) - 1];
  return outermost ?? asUnit(of);
}

function asUnit(of: Wirable): Wirable {
  return of instanceof TaskGroup ? (of.unit ?? of) : of;
}

function rootsOf(
  of: Wirable,
  units: readonly TaskRef<unknown>[],
  upstream: Upstream,
): readonly string[] {
  const inside = membersOf(of, units);
  return [...inside].filter(
    (taskId) => ![...(upstream.get(taskId) ?? [])].some((before) => inside.has(before)),
  );
}

function leavesOf(
  of: Wirable,
  units: readonly TaskRef<unknown>[],
  upstream: Upstream,
): readonly string[] {
  const inside = membersOf(of, units);
  const followed = new Set([...inside].flatMap((taskId) => [...(upstream.get(taskId) ?? [])]));
  return [...inside].filter((taskId) => !followed.has(taskId));
}

/** Ids of what lies in a plain group, at any depth but that of groups inside it that run as one; a task is its own only member. */
function membersOf(of: Wirable, units: readonly TaskRef<unknown>[]): ReadonlySet<string> {
  if (of instanceof TaskRef) return new Set([of.taskId]);
  const [around] = unitsAround(of);
  return new Set(
    units
      .filter((unit) => groupsAround(unit).includes(of) && unitsAround(unit)[0] === around)
      .map(({ taskId }) => taskId),
  );
}
