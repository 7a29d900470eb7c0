/**
 * What a run in memory reports: the start and the end of each try, and the results of its
 * tasks. Tasks that end without running, and groups, are reported from the store.
 */
import type { MemoryInstance } from "../engine/memory/instance.ts";
import type { MemoryStore } from "../engine/memory/store.ts";
import { isGroup, plannedTask } from "../engine/plan/plan.ts";
import { ENGINE, isFinal } from "../state/task_state.ts";
import type { DagRunEvent, TaskResult } from "./dag_run.ts";

export type Emit = (event: DagRunEvent) => void;

export class Reports {
  #results: { readonly id: number; readonly task: TaskResult }[] = [];
  /** Instances whose end was reported. */
  readonly #reported = new Set<number>();
  /**
   * Groups that wait for their next try, by instance and try. They are reported too,
   * although no try of theirs runs here.
   */
  readonly #waiting = new Set<string>();
  readonly #store: MemoryStore;
  readonly #emit: Emit;

  constructor(store: MemoryStore, emit: Emit) {
    this.#store = store;
    this.#emit = emit;
  }

  /** In the order in which they ended. */
  get results(): readonly TaskResult[] {
    return this.#results.map(({ task }) => task);
  }

  started({ taskId, mapIndex, tryNumber }: MemoryInstance): void {
    this.#emit({ type: "started", taskId, mapIndex, tryNumber });
  }

  ended(instance: MemoryInstance, durationMs: number): void {
    if (this.#reported.has(instance.id)) return;
    const task = resultOf(this.#store, instance, durationMs);
    if (isFinal(instance.state)) {
      this.#reported.add(instance.id);
      this.#results.push({ id: instance.id, task });
    }
    this.#emit({ type: "ended", task });
  }

  /**
   * Reports tasks that ended without running (skipped, upstream failed, or without a
   * body), and groups.
   */
  reportNew(): void {
    const { instances } = this.#store;
    for (const instance of instances) {
      if (!isFinal(instance.state)) this.#forget(instance);
      if (endedWithoutTry(instance)) this.ended(instance, 0);
    }
    for (const one of instances)
      if (one.state === "up_for_retry" && this.#isGroup(one)) this.#reportWaiting(one);
  }

  /** A group starts its tasks again: their former ends are no result of the run. */
  #forget({ id }: MemoryInstance): void {
    if (this.#reported.delete(id)) this.#results = this.#results.filter((one) => one.id !== id);
  }

  #isGroup({ taskId }: MemoryInstance): boolean {
    return isGroup(plannedTask(this.#store.run.plan, taskId).spec);
  }

  #reportWaiting(group: MemoryInstance): void {
    const name = `${group.id}#${group.tryNumber}`;
    if (!this.#waiting.has(name)) this.ended(group, 0);
    this.#waiting.add(name);
  }
}

function endedWithoutTry({ workerId, state }: MemoryInstance): boolean {
  return (workerId === null || workerId === ENGINE) && isFinal(state) && state !== "removed";
}

function resultOf(store: MemoryStore, instance: MemoryInstance, durationMs: number): TaskResult {
  const { taskId, mapIndex, label, state, tryNumber, reason, error } = instance;
  const planned = store.run.plan.tasks.get(taskId);
  // The value that a loop of a group passes on is stored with the group; it is the
  // output of one of its tasks.
  const isParent = (planned?.members ?? []).length > 0;
  return {
    ...{ taskId, mapIndex, label, state, tryNumber, durationMs },
    output: isParent ? null : (store.outputOf(taskId, mapIndex) ?? null),
    ...{ reason, error },
    warning: state === "failed" && planned?.spec.allowFailure === true,
  };
}
