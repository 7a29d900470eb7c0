/**
 * Which callbacks of a task run when a try ends, or when a person, a clock or the engine
 * ends it.
 */
import type { TaskEvent, TaskSpec } from "../../../sdk/spec/index.ts";
import type { TaskState } from "../../state/task_state.ts";
import type { Transition } from "../../state/transition.ts";
import type { Plan } from "../plan/plan.ts";
import type { EngineTx, LockedRun, MovedInstance, NewCallback } from "../store.ts";

/** The event of each state that a try ends in. A lost try has none: another follows. */
const EVENTS: Readonly<Partial<Record<TaskState, TaskEvent>>> = {
  success: "onSuccess",
  failed: "onFailure",
  up_for_retry: "onRetry",
  skipped: "onSkipped",
};

/** The callback of a task for a transition, in a list of one or none. Pure. */
export function callbacksOf(
  task: TaskSpec | undefined,
  runId: number,
  { instanceId, tryNumber, to, reason, error, wait }: Transition,
): readonly NewCallback[] {
  const question = wait?.ask ?? null;
  const event = question ? "onAsk" : EVENTS[to];
  if (event === undefined || !task?.callbacks?.includes(event)) return [];
  return [{ runId, instanceId, tryNumber, event, reason: question?.subject ?? reason, error }];
}

/**
 * Whether an instance had a started try, or waited. If not, it ends without callbacks.
 * Pure.
 */
export function hadBegun(was: TaskState, { began }: MovedInstance): boolean {
  return began || was === "deferred";
}

/**
 * An end that a person, the time-out of the run or a failure elsewhere gives to an
 * instance.
 */
export interface OutsideEnd {
  /** The state that the instance leaves. */
  readonly was: TaskState;
  readonly transition: Transition;
}

/**
 * Ends instances of these runs; those that had begun get their callbacks.
 * @returns what moved
 */
export async function endFromOutside(
  tx: Pick<EngineTx, "apply" | "storeResults">,
  runs: readonly Pick<LockedRun, "id" | "plan">[],
  ends: readonly OutsideEnd[],
): Promise<readonly MovedInstance[]> {
  const planOf = new Map(runs.map(({ id, plan }) => [id, plan]));
  const moved = await tx.apply(ends.map(({ transition }) => transition));
  const movedOf = new Map(moved.map((instance) => [instance.id, instance]));
  const callbacks = ends.flatMap(({ was, transition }) => {
    const instance = movedOf.get(transition.instanceId);
    return instance && hadBegun(was, instance)
      ? callbacksOf(specIn(planOf, instance), instance.runId, transition)
      : [];
  });
  await tx.storeResults({ callbacks });
  return moved;
}

function specIn(
  planOf: ReadonlyMap<number, Plan>,
  { runId, taskId }: MovedInstance,
): TaskSpec | undefined {
  return planOf.get(runId)?.tasks.get(taskId)?.spec;
}
