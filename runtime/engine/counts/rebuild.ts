/**
 * The counters of a run, counted again from its instances: when instances were cleared or
 * marked, their earlier ends must no longer count. Folds the rules of count.ts over the
 * instances. Pure.
 */
import type { RunProgress } from "../../state/run_state.ts";
import { isFinal, type TaskState } from "../../state/task_state.ts";
import { isLimited } from "../limits/limits.ts";
import { isGroup, isLoop, type PlannedTask, plannedTask } from "../plan/plan.ts";
import type { LockedRun } from "../store.ts";
import { changesBy, progressAfter, wholeEnds } from "./count.ts";
import { Counters } from "./counters.ts";
import { added, countsOf, NOTHING, totalOf } from "./counts.ts";
import { InstanceStates, type Instances, type StateCount } from "./instance_states.ts";
import type { RunEvent } from "./run_event.ts";
import { type Scope, scopeKey } from "./scope.ts";
import { groupCounter, newCounter, sumCounter, type TaskCounter } from "./task_counter.ts";

export interface Rebuilt {
  readonly progress: RunProgress;
  /**
   * In the order of the plan. Groups that have ended have none: nothing in them was
   * changed.
   */
  readonly counters: readonly RebuiltCounter[];
}

export interface RebuiltCounter {
  readonly counter: TaskCounter;
  /** Items that are `scheduled`. */
  readonly waiting: number;
  /** Whether the task may be instantiated or go on: its group runs, or it is in none. */
  readonly isOpen: boolean;
}

type CountedRun = Pick<LockedRun, "id" | "plan" | "isGloballyLimited">;

export function rebuild(run: CountedRun, states: readonly StateCount[]): Rebuilt {
  return new Rebuild(run, states).result();
}

class Rebuild {
  readonly #run: CountedRun;
  readonly #instances: InstanceStates;
  readonly #counters = new Counters();
  readonly #open = new Set<string>();
  readonly #waiting = new Map<string, number>();
  #progress: RunProgress;

  constructor(run: CountedRun, states: readonly StateCount[]) {
    this.#run = run;
    this.#instances = new InstanceStates(run.id, run.plan, states);
    this.#progress = { openTasks: run.plan.tasks.size, failedLeaves: 0, warnings: 0 };
  }

  result(): Rebuilt {
    const tasks = [...this.#run.plan.tasks.values()];
    for (const task of tasks) this.#begin(task);
    for (const task of tasks)
      for (const scope of this.#instances.scopes(task)) this.#count(task, scope);
    const counters = this.#counters.all.map((counter) => {
      const key = scopeKey(counter);
      return { counter, waiting: this.#waiting.get(key) ?? 0, isOpen: this.#open.has(key) };
    });
    return { progress: this.#progress, counters };
  }

  /** Adds the counters of a task as they are before anything of it happens. */
  #begin(task: PlannedTask): void {
    const { plan, id: runId } = this.#run;
    const { spec, mappedGroup } = task;
    const group = spec.parentGroup === undefined ? undefined : plannedTask(plan, spec.parentGroup);
    const scopes = this.#instances.scopes(task);
    for (const { mapIndex } of scopes)
      this.#add(
        newCounter(task, runId, mapIndex),
        group ? this.#instances.groupState(group, mapIndex) : "running",
      );
    if (mappedGroup !== null && scopes.length > 0)
      this.#add(sumCounter(task, runId, scopes.length), undefined);
    else if (isGroup(spec) && spec.each !== null)
      for (const mapIndex of this.#instances.indices(spec.taskId))
        this.#add(
          groupCounter(task, { runId, taskId: spec.taskId, mapIndex }),
          this.#instances.groupState(task, mapIndex),
        );
  }

  /** @param state of the group instance that the counter belongs to */
  #add(counter: TaskCounter, state: TaskState | undefined): void {
    if (state !== undefined && isFinal(state)) return;
    this.#counters.set(counter);
    if (state === "running") this.#open.add(scopeKey(counter));
  }

  /** Counts the instances of a task in one scope. */
  #count(task: PlannedTask, scope: Scope): void {
    const instances = this.#instances.of(task, scope);
    const { states, total, isMapped } = instances;
    if (total === 0) return;
    this.#instantiated(task, scope, instances);
    let ends = NOTHING;
    for (const { state, count, lowest } of states) {
      if (!isFinal(state)) continue;
      const mapIndex = isMapped ? lowest : scope.mapIndex;
      this.#apply(task, { ...scope, kind: "instance", mapIndex, state }, count);
      ends = added(ends, countsOf(state, count));
    }
    if (isMapped && totalOf(ends) === total) this.#apply(task, { ...scope, kind: "task", ends });
  }

  /** The trigger rule of the task was met, or the task ended without it. */
  #instantiated(task: PlannedTask, scope: Scope, { states, total, isMapped }: Instances): void {
    const counter = this.#counters.get(scope);
    if (!counter) return;
    const waiting = isMapped ? states.filter(({ state }) => state === "scheduled") : [];
    this.#waiting.set(
      scopeKey(scope),
      waiting.reduce((sum, { count }) => sum + count, 0),
    );
    // Under other limits than `maxActive` all items are released at once, and request
    // their slots.
    const released = isLimited(task.route, this.#run)
      ? total
      : Math.min(total, ...waiting.map(({ lowest }) => lowest));
    this.#counters.set({
      ...counter,
      decided: true,
      instances: isMapped ? total : null,
      released: isMapped ? released : 0,
    });
    // The tasks after a loop see one task.
    if (isMapped && !isLoop(task.spec))
      this.#apply(task, { ...scope, kind: "length", by: total - 1 });
  }

  #apply(task: PlannedTask, event: RunEvent, times = 1): void {
    for (const change of changesBy(task, event, times)) this.#counters.apply(change);
    const whole = wholeEnds(task, event);
    if (whole) this.#progress = progressAfter(this.#progress, task, whole);
  }
}
