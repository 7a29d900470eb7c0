/** Runs that their first failure ends: what runs in them is cancelled, and what has not begun is skipped, all but teardowns. */
import { cancel, isFinal } from "../state/task_state.ts";
import type { Settled } from "./advance.ts";
import { type PlannedTask, plannedTask } from "./plan.ts";
import type { EngineTx, LockedRun, NewInstance } from "./store.ts";

/** What one round knows of them. */
export class FailFast {
  /** Runs that failed in this round, with the reason. */
  readonly #stopped = new Map<number, string>();

  /** Whether an end is the first failure of a run that fails fast; then the run is stopped from now on. */
  stops({ plan }: LockedRun, { runId, taskId, state }: Settled): boolean {
    if (!plan.spec.failFast || state !== "failed" || this.#stopped.has(runId)) return false;
    const task = plannedTask(plan, taskId);
    if (!isWork(task) || task.spec.allowFailure) return false;
    this.#stopped.set(runId, `failFast: ${taskId} failed`);
    return true;
  }

  isStopped(runId: number): boolean {
    return this.#stopped.has(runId);
  }

  /** Why a task of the run must not begin; undefined when it may. */
  reasonAgainst(runId: number, task: PlannedTask): string | undefined {
    return isWork(task) ? this.#stopped.get(runId) : undefined;
  }

  /** Ends what has begun. @returns what ended by it */
  async cancelActive(tx: EngineTx, { id: runId, plan }: LockedRun): Promise<readonly Settled[]> {
    const reason = this.#stopped.get(runId) ?? "failFast";
    const active = (await tx.unfinished(runId)).filter(({ taskId }) => isWork(plannedTask(plan, taskId)));
    const moved = await tx.apply(active.map((one) => cancel(one, one.state, reason)));
    return moved.flatMap(({ taskId, mapIndex, state }) => (isFinal(state) ? [{ runId, taskId, mapIndex, state }] : []));
  }

  /** Of instances that a round made for a stopped run, and nobody has seen, those that must not begin. */
  unwanted({ id, plan }: LockedRun, made: readonly NewInstance[]): readonly NewInstance[] {
    return made.filter(({ runId, taskId, state }) => runId === id && !isFinal(state) && isWork(plannedTask(plan, taskId)));
  }
}

function isWork({ spec }: PlannedTask): boolean {
  return spec.kind?.type !== "teardown";
}
