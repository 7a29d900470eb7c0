/**
 * Runs and group instances that must stop: a run that fails fast, a group that took too
 * long or that a person stopped. What runs in them is cancelled, and what has not started
 * is skipped, all but teardowns.
 */
import type { TaskSpec } from "../../../sdk/spec/index.ts";
import { isFinal, type TaskState } from "../../state/task_state.ts";
import { cancel } from "../../state/transition.ts";
import { type FinishedInstance, finished } from "../counts/run_event.ts";
import { type InstanceKey, scopeKey, scopesAround } from "../counts/scope.ts";
import { isGroup, type PlannedTask, plannedTask } from "../plan/plan.ts";
import { endFromOutside } from "../results/callbacks.ts";
import type { EngineTx, LockedRun, NewInstance } from "../store.ts";

/** What was stopped in one transaction. */
export class Stops {
  /** The reasons, by run. */
  readonly #runs = new Map<number, string>();
  /** The reasons, by group instance. */
  readonly #groups = new Map<string, string>();

  /**
   * Whether an end is the first failure of a run that fails fast. The run is stopped
   * then.
   */
  stopsRun({ plan }: LockedRun, { runId, taskId, state }: FinishedInstance): boolean {
    if (!plan.spec.failFast || state !== "failed" || this.#runs.has(runId)) return false;
    const { spec } = plannedTask(plan, taskId);
    // A failure inside a group fails the group first, which may have tries left.
    if (isTeardown(spec) || spec.allowFailure || spec.parentGroup !== undefined) return false;
    this.#runs.set(runId, `failFast: ${taskId} failed`);
    return true;
  }

  /** @param reason why nothing more of the group instance starts */
  stopGroup(group: InstanceKey, reason: string): void {
    this.#groups.set(scopeKey(group), reason);
  }

  isStopped(runId: number): boolean {
    return this.#runs.has(runId);
  }

  /** Why a task must not start; undefined when it may. @param mapIndex of its scope */
  reasonAgainst(
    { id: runId, plan }: Pick<LockedRun, "id" | "plan">,
    { spec }: PlannedTask,
    mapIndex: number,
  ): string | undefined {
    if (isTeardown(spec)) return undefined;
    const ofRun = this.#runs.get(runId);
    if (ofRun !== undefined || this.#groups.size === 0) return ofRun;
    return scopesAround(plan, { runId, taskId: spec.taskId, mapIndex })
      .map((group) => this.#groups.get(scopeKey(group)))
      .find((reason) => reason !== undefined);
  }

  /** Cancels what runs or waits in stopped runs and groups. @returns what ended by it */
  async cancelActive(tx: EngineTx, run: LockedRun): Promise<readonly FinishedInstance[]> {
    const active = (await tx.unfinished([run.id])).flatMap((one) => {
      const reason = this.#reasonToEnd(run, one);
      return reason === undefined
        ? []
        : [{ was: one.state, transition: cancel(one, one.state, reason) }];
    });
    const moved = await endFromOutside(tx, [run], active);
    return moved.flatMap((one) => (isFinal(one.state) ? [finished(one, one.state)] : []));
  }

  /** New instances of a stopped run or group, which must not start. */
  unwanted(run: LockedRun, created: readonly NewInstance[]): readonly NewInstance[] {
    return created.filter(
      (one) =>
        one.runId === run.id && !isFinal(one.state) && this.#reasonToEnd(run, one) !== undefined,
    );
  }

  /** A group instance that runs ends with its tasks. */
  #reasonToEnd(
    run: LockedRun,
    { taskId, mapIndex, state }: Pick<NewInstance, "taskId" | "mapIndex"> & { state: TaskState },
  ): string | undefined {
    const task = plannedTask(run.plan, taskId);
    return isGroup(task.spec) && state === "running"
      ? undefined
      : this.reasonAgainst(run, task, mapIndex);
  }
}

function isTeardown({ kind }: TaskSpec): boolean {
  return kind?.type === "teardown";
}
