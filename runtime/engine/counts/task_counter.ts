/** The counter of a task in one scope: what decides when the task may run, and how far it is. */
import { isGroup, type Plan, type PlannedTask, plannedTask } from "../plan/plan.ts";
import { added, type Counts, NOTHING } from "./counts.ts";
import { type Scope, scopeOf } from "./scope.ts";

export interface TaskCounter extends Scope {
  /** Instances of the tasks directly before this one: all of them, and those that ended. */
  readonly upstreamTotal: number;
  readonly upstream: Counts;
  /** The trigger rule was met, or can never be met: the task is instantiated, or has ended. */
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
    decided: false,
    instances: null,
    released: 0,
    own: NOTHING,
  };
}

/** The counter of one instance of a mapped group, which counts the tasks in it. */
export function groupCounter({ spec, members }: PlannedTask, scope: Scope): TaskCounter {
  const { runId, mapIndex } = scope;
  return {
    ...{ runId, taskId: spec.taskId, mapIndex, upstreamTotal: 0, upstream: NOTHING },
    ...{ decided: true, instances: members.length, released: 0, own: NOTHING },
  };
}

/**
 * The sum over all map indices of a task inside a mapped group. It decides nothing;
 * people see how many instances there are and how many have ended.
 */
export function sumCounter({ spec }: PlannedTask, runId: number, instances: number): TaskCounter {
  return {
    ...{ runId, taskId: spec.taskId, mapIndex: -1, upstreamTotal: 0, upstream: NOTHING },
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

/** A change of one counter. */
export interface Change extends Scope {
  readonly upstreamTotal?: number;
  readonly upstream?: Partial<Counts>;
  readonly own?: Partial<Counts>;
}

export function changed(counter: TaskCounter, change: Change): TaskCounter {
  return {
    ...counter,
    upstreamTotal: counter.upstreamTotal + (change.upstreamTotal ?? 0),
    upstream: change.upstream ? added(counter.upstream, change.upstream) : counter.upstream,
    own: change.own ? added(counter.own, change.own) : counter.own,
  };
}
