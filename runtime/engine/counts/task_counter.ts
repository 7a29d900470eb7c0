/**
 * The counter of a task in one scope: what decides when the task may run, and how far it
 * is.
 */
import type { Awaited, UpstreamCounts } from "../../state/trigger_rule.ts";
import { isGroup, type Plan, type PlannedTask, plannedTask } from "../plan/plan.ts";
import { added, type Counts, NOTHING } from "./counts.ts";
import { type Scope, scopeOf } from "./scope.ts";

export interface TaskCounter extends Scope {
  /**
   * Instances of the tasks directly before this one: all of them, and those that ended.
   */
  readonly upstreamTotal: number;
  readonly upstream: Counts;
  /** Instances of the {@link PlannedTask.setups}; null for a task that has none. */
  readonly setups: UpstreamCounts | null;
  /** Instances of the tasks {@link PlannedTask.inScope}; null when there are none. */
  readonly inScope: UpstreamCounts | null;
  /**
   * The trigger rule was met, or can never be met: the task is instantiated, or has
   * ended.
   */
  readonly decided: boolean;
  /** Of a mapped task or a loop: its instances so far. Null before the list is known. */
  readonly instances: number | null;
  /** Of a mapped task: the instances that were queued so far. */
  readonly released: number;
  /** Ended instances of a mapped task or a loop. Of a group instance: its ended tasks. */
  readonly own: Counts;
}

/** The counter of a task that is not instantiated yet. */
export function newCounter(task: PlannedTask, runId: number, mapIndex: number): TaskCounter {
  return {
    ...scopeOf(task, runId, mapIndex),
    upstreamTotal: task.spec.upstream.length,
    upstream: NOTHING,
    setups: noneOf(task.setups),
    inScope: noneOf(task.inScope),
    decided: false,
    instances: null,
    released: 0,
    own: NOTHING,
  };
}

/** What the trigger rule of a task looks at. */
export function awaitedOf({ upstreamTotal, upstream, setups, inScope }: TaskCounter): Awaited {
  return { upstream: { total: upstreamTotal, ...upstream }, setups, inScope };
}

/** No instance of these tasks has ended. */
function noneOf(taskIds: readonly string[]): UpstreamCounts | null {
  return taskIds.length === 0 ? null : { total: taskIds.length, ...NOTHING };
}

/** What decides nothing waits for no task. */
const WITHOUT_UPSTREAM = { upstreamTotal: 0, upstream: NOTHING, setups: null, inScope: null };

/** The counter of one instance of a mapped group, which counts the tasks in it. */
export function groupCounter({ spec, members }: PlannedTask, scope: Scope): TaskCounter {
  const { runId, mapIndex } = scope;
  return {
    ...{ runId, taskId: spec.taskId, mapIndex, ...WITHOUT_UPSTREAM },
    ...{ decided: true, instances: members.length, released: 0, own: NOTHING },
  };
}

/**
 * The sum over all map indices of a task inside a mapped group. It decides nothing;
 * people see how many instances there are and how many have ended.
 */
export function sumCounter({ spec }: PlannedTask, runId: number, instances: number): TaskCounter {
  return {
    ...{ runId, taskId: spec.taskId, mapIndex: -1, ...WITHOUT_UPSTREAM },
    ...{ decided: true, instances, released: instances, own: NOTHING },
  };
}

/** Whether a counter is a {@link sumCounter}. */
export function isSum({ mappedGroup }: PlannedTask, { mapIndex }: Scope): boolean {
  return mappedGroup !== null && mapIndex < 0;
}

/** Whether `own` of a counter counts the tasks of a group instance. */
export function countsMembers({ spec, mappedGroup }: PlannedTask, { mapIndex }: Scope): boolean {
  return isGroup(spec) && (spec.each === null || mappedGroup !== null || mapIndex >= 0);
}

/**
 * The counters with which the tasks in a group instance begin, and that of the instance
 * itself.
 */
export function groupCounters(plan: Plan, group: Scope): readonly TaskCounter[] {
  const task = plannedTask(plan, group.taskId);
  const members = task.members.map((member) =>
    newCounter(plannedTask(plan, member), group.runId, group.mapIndex),
  );
  const own =
    task.spec.each === null
      ? newCounter(task, group.runId, group.mapIndex)
      : groupCounter(task, group);
  return [...members, own];
}

/** How many more instances there are, and how many more of them ended. */
export interface CountsChange {
  readonly total?: number;
  readonly ends?: Partial<Counts>;
}

/** A change of one counter. */
export interface Change extends Scope {
  readonly upstream?: CountsChange;
  readonly setups?: CountsChange;
  readonly inScope?: CountsChange;
  readonly own?: Partial<Counts>;
}

export function changed(counter: TaskCounter, change: Change): TaskCounter {
  const { upstreamTotal: total, upstream: ends, own } = counter;
  const { total: upstreamTotal, ...upstream } = counted({ total, ...ends }, change.upstream);
  return {
    ...counter,
    upstreamTotal,
    upstream,
    setups: counter.setups && counted(counter.setups, change.setups),
    inScope: counter.inScope && counted(counter.inScope, change.inScope),
    own: change.own ? added(own, change.own) : own,
  };
}

function counted(counts: UpstreamCounts, { total = 0, ends = {} }: CountsChange = {}) {
  return { total: counts.total + total, ...added(counts, ends) };
}
