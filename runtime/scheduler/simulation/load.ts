/**
 * Simulated runs at the same time: those of one DAG, and the pool slots that they need.
 */

import type { TaskSpec } from "../../../sdk/spec/index.ts";
import { EVERY_TASK } from "../../../sdk/spec/index.ts";
import type { Course, Overlap, PoolUse, SimulatedDag, SimulatedDecision } from "./simulation.ts";

export function overlapsOf({ dag, decisions }: Course): readonly Overlap[] {
  const overlaps: Overlap[] = [];
  let active = 0;
  let open: { readonly from: Date; runs: number } | null = null;
  for (const { at, change } of events(dag, decisions)) {
    active += change;
    if (open === null && active >= 2) open = { from: new Date(at), runs: active };
    else if (open && active >= 2) open.runs = Math.max(open.runs, active);
    else if (open) {
      overlaps.push({ dagId: dag.spec.dagId, from: open.from, to: new Date(at), runs: open.runs });
      open = null;
    }
  }
  return overlaps;
}

interface Event {
  readonly at: number;
  readonly change: 1 | -1;
}

/**
 * Starts and ends of a DAG's runs in order of time. A run that ends when another starts
 * does not overlap it.
 */
function* events(
  { durationMs }: SimulatedDag,
  decisions: readonly SimulatedDecision[],
): Generator<Event> {
  const starts = decisions
    .filter(({ decision }) => decision === "run")
    .map(({ decidedAt }) => decidedAt.getTime());
  const length = Math.max(1, durationMs);
  let ended = 0;
  for (const start of starts) {
    for (let end = starts[ended]; end !== undefined && end + length <= start; end = starts[++ended])
      yield { at: end + length, change: -1 };
    yield { at: start, change: 1 };
  }
  for (const start of starts.slice(ended)) yield { at: start + length, change: -1 };
}

export function poolUse(
  courses: readonly Course[],
  pools: Readonly<Record<string, number>>,
): readonly PoolUse[] {
  const changes = new Map<string, { readonly at: number; readonly slots: number }[]>();
  for (const { dag, decisions } of courses) {
    for (const [pool, needed] of neededOf(dag.spec.tasks)) {
      // The limit of the whole deployment counts only when it is set.
      if (pool === EVERY_TASK && pools[pool] === undefined) continue;
      const known = changes.get(pool) ?? [];
      changes.set(pool, known);
      for (const { at, change } of events(dag, decisions))
        known.push({ at, slots: change * needed });
    }
  }
  return [...changes]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([pool, all]) => useOf(pool, all, pools[pool]));
}

function useOf(
  pool: string,
  changes: { readonly at: number; readonly slots: number }[],
  size: number | undefined,
): readonly PoolUse[] {
  const limit = size === undefined || size < 0 ? null : size;
  const saturated: { from: Date; to: Date }[] = [];
  let [used, most, mostAt] = [0, 0, 0];
  let since: number | null = null;
  // Slots that are released at an instant are free for a run that starts at that instant.
  for (const { at, slots } of changes.sort((a, b) => a.at - b.at || a.slots - b.slots)) {
    used += slots;
    if (used > most) [most, mostAt] = [used, at];
    if (limit === null) continue;
    if (since === null && used > limit) since = at;
    else if (since !== null && used <= limit) {
      if (at > since) saturated.push({ from: new Date(since), to: new Date(at) });
      since = null;
    }
  }
  return most === 0 ? [] : [{ pool, slots: limit, most, mostAt: new Date(mostAt), saturated }];
}

/**
 * Slots that a run needs of each pool at its widest step: tasks at the same distance from
 * the start count as running at the same time.
 */
function neededOf(tasks: readonly TaskSpec[]): ReadonlyMap<string, number> {
  const depths = new Map<string, number>();
  const needed = new Map<string, Map<number, number>>();
  const add = (pool: string, depth: number, slots: number): void => {
    const steps = needed.get(pool) ?? new Map<number, number>();
    needed.set(pool, steps.set(depth, (steps.get(depth) ?? 0) + slots));
  };
  for (const task of tasks) {
    const depth = Math.max(-1, ...task.upstream.map((taskId) => depths.get(taskId) ?? 0)) + 1;
    depths.set(task.taskId, depth);
    const { pool = null, poolSlots = 1 } = task.routing ?? {};
    if (pool !== null) add(pool, depth, poolSlots * instancesOf(task));
    if (task.operator !== "empty") add(EVERY_TASK, depth, instancesOf(task));
  }
  return new Map([...needed].map(([pool, steps]) => [pool, Math.max(...steps.values())]));
}

/** The length of a list that a task returns is unknown; it counts as one item. */
function instancesOf({ each, maxActive }: TaskSpec): number {
  const count = each && "items" in each ? each.items.length : 1;
  return Math.min(count, maxActive ?? count);
}
