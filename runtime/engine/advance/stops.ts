/**
 * What must not go on: runs that their first failure ends, and groups whose time is up or that a person stopped. What runs in them is cancelled,
 * and what has not begun is skipped, all but teardowns.
 */
import { isFinal } from "../../state/task_state.ts";
import { cancel } from "../../state/transition.ts";
import { isWhole, scopeKey, scopeOf } from "../counts/deltas.ts";
import {
  allWithin,
  groupsAround,
  isGroup,
  type Plan,
  type PlannedTask,
  plannedTask,
} from "../plan/plan.ts";
import { endFromOutside } from "../results/callbacks.ts";
import type { Counted, EngineTx, LockedRun, NewInstance } from "../store.ts";
import type { Settled } from "./finished_instance.ts";

/** What one round knows of them. */
export class Stops {
  /** Runs that failed in this round, with the reason. */
  readonly #runs = new Map<number, string>();
  /** Groups that were stopped in this round, by their places. */
  readonly #groups = new Map<string, string>();

  /** Whether an end is the first failure of a run that fails fast; then the run is stopped from now on. */
  stopsRun({ plan }: LockedRun, { runId, taskId, state }: Settled): boolean {
    if (!plan.spec.failFast || state !== "failed" || this.#runs.has(runId)) return false;
    const task = plannedTask(plan, taskId);
    // What is within a group fails the group first, which may have tries left.
    if (!isWork(task) || task.spec.allowFailure || task.spec.within !== undefined) return false;
    this.#runs.set(runId, `failFast: ${taskId} failed`);
    return true;
  }

  /** @param reason why nothing of the group is to begin any more */
  stopGroup(group: Counted, reason: string): void {
    this.#groups.set(scopeKey(group), reason);
  }

  isStopped(runId: number): boolean {
    return this.#runs.has(runId);
  }

  /** Why a task of a run must not begin; undefined when it may. @param mapIndex its place */
  reasonAgainst(
    { id: runId, plan }: Pick<LockedRun, "id" | "plan">,
    task: PlannedTask,
    mapIndex: number,
  ): string | undefined {
    if (!isWork(task)) return undefined;
    const ofRun = this.#runs.get(runId);
    if (ofRun !== undefined || this.#groups.size === 0) return ofRun;
    for (const group of scopesAround(plan, { runId, taskId: task.spec.taskId, mapIndex })) {
      const reason = this.#groups.get(scopeKey(group));
      if (reason !== undefined) return reason;
    }
    return undefined;
  }

  /** Ends what has begun of a stopped run or group. A group that runs ends with its tasks. @returns what ended by it */
  async cancelActive(tx: EngineTx, run: LockedRun): Promise<readonly Settled[]> {
    const active = (await tx.unfinished(run.id)).flatMap((one) => {
      const task = plannedTask(run.plan, one.taskId);
      if (isGroup(task.spec) && one.state === "running") return [];
      const reason = this.reasonAgainst(run, task, one.mapIndex);
      return reason === undefined
        ? []
        : [{ was: one.state, transition: cancel(one, one.state, reason) }];
    });
    const moved = await endFromOutside(tx, run.plan, active);
    return moved.flatMap(({ taskId, mapIndex, state }) =>
      isFinal(state) ? [{ runId: run.id, taskId, mapIndex, state }] : [],
    );
  }

  /** Of instances that a round made for a stopped run or group, and nobody has seen, those that must not begin. */
  unwanted(run: LockedRun, made: readonly NewInstance[]): readonly NewInstance[] {
    return made.filter(({ runId, taskId, mapIndex, state }) => {
      if (runId !== run.id || isFinal(state)) return false;
      const task = plannedTask(run.plan, taskId);
      return (
        !(isGroup(task.spec) && state === "running") &&
        this.reasonAgainst(run, task, mapIndex) !== undefined
      );
    });
  }
}

/** The groups that a place lies in, each at its own place. */
export function scopesAround(plan: Plan, { runId, taskId, mapIndex }: Counted): readonly Counted[] {
  return groupsAround(plan, taskId).map((group) => {
    const task = plannedTask(plan, group);
    // The instances of a mapped group are the elements that its tasks are at.
    const at = task.spec.each === null ? scopeOf(task, mapIndex) : mapIndex;
    return { runId, taskId: group, mapIndex: at };
  });
}

/** The places of all that takes part in a group. */
export function scopesWithin(plan: Plan, { runId, taskId, mapIndex }: Counted): readonly Counted[] {
  return allWithin(plan, taskId).map((member) => ({
    runId,
    taskId: member,
    mapIndex: scopeOf(plannedTask(plan, member), mapIndex),
  }));
}

/** Whether an instance made in this round is all that there is of its task at its place. */
export function standsAlone(task: PlannedTask, { mapIndex }: NewInstance): boolean {
  return isWhole(task, mapIndex) || isGroup(task.spec);
}

function isWork({ spec }: PlannedTask): boolean {
  return spec.kind?.type !== "teardown";
}
