/**
 * How many instances of a run are in which state, by scope: what a rebuild reads. Pure.
 */
import type { TaskState } from "../../state/task_state.ts";
import { isGroup, isLoop, type Plan, type PlannedTask, plannedTask } from "../plan/plan.ts";
import { type Scope, scopeKey, scopeOf } from "./scope.ts";

/** How many instances of a task are in one state. */
export interface StateCount {
  readonly taskId: string;
  /**
   * Of {@link tasksByIndex}: the map index. -1 for other tasks, whose instances are
   * summed up.
   */
  readonly mapIndex: number;
  /** False for an instance with the map index -1. */
  readonly isMapped: boolean;
  readonly state: TaskState;
  readonly count: number;
  /** The lowest map index among them. */
  readonly lowest: number;
}

/**
 * Ids of the tasks whose states are read by map index: mapped groups, and the tasks in
 * them.
 */
export function tasksByIndex({ tasks }: Plan): readonly string[] {
  return [...tasks.values()].flatMap(({ spec, mappedGroup }) =>
    mappedGroup !== null || (isGroup(spec) && spec.each !== null) ? [spec.taskId] : [],
  );
}

/** The instances of a task in one scope. */
export interface Instances {
  readonly states: readonly StateCount[];
  readonly total: number;
  /** They are items of a list, or iterations of a loop. */
  readonly isMapped: boolean;
}

export class InstanceStates {
  readonly #runId: number;
  readonly #byScope: ReadonlyMap<string, readonly StateCount[]>;
  readonly #indices: ReadonlyMap<string, ReadonlySet<number>>;

  constructor(runId: number, plan: Plan, states: readonly StateCount[]) {
    this.#runId = runId;
    const known = states.filter(({ taskId }) => plan.tasks.has(taskId));
    this.#byScope = Map.groupBy(known, ({ taskId, mapIndex }) =>
      scopeKey(scopeOf(plannedTask(plan, taskId), runId, mapIndex)),
    );
    const mapped = known.filter(({ mapIndex }) => mapIndex >= 0);
    this.#indices = new Map(
      [...Map.groupBy(mapped, ({ taskId }) => taskId)].map(([taskId, of]) => [
        taskId,
        new Set(of.map(({ mapIndex }) => mapIndex)),
      ]),
    );
  }

  /** The scopes of a task. */
  scopes(task: PlannedTask): readonly Scope[] {
    const indices = task.mappedGroup === null ? [-1] : this.indices(task.mappedGroup);
    return indices.map((mapIndex) => scopeOf(task, this.#runId, mapIndex));
  }

  /** The map indices of a mapped group. */
  indices(group: string): readonly number[] {
    return [...(this.#indices.get(group) ?? [])];
  }

  /** The instances of a task in one of its scopes; cleared ones are none. */
  of({ spec, mappedGroup }: PlannedTask, scope: Scope): Instances {
    // A loop may have had more iterations before it was cleared.
    const gone = isLoop(spec) ? ["none", "removed"] : ["none"];
    const all = this.#at(scope).filter(({ state }) => !gone.includes(state));
    const items = mappedGroup === null ? all.filter(({ isMapped }) => isMapped) : [];
    const isMapped = items.length > 0;
    const states = isMapped ? items : all;
    return { states, isMapped, total: states.reduce((sum, { count }) => sum + count, 0) };
  }

  /** The state of a group instance. @param mapIndex of the scopes of the tasks in it */
  groupState(group: PlannedTask, mapIndex: number): TaskState | undefined {
    const states = this.#at(scopeOf(group, this.#runId, mapIndex));
    return states.find((one) => group.mappedGroup !== null || one.mapIndex === mapIndex)?.state;
  }

  #at(scope: Scope): readonly StateCount[] {
    return this.#byScope.get(scopeKey(scope)) ?? [];
  }
}
