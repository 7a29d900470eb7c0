/** Which of a task's callbacks its end asks for: the end of a try, and the end that others give it. */
import type { TaskEvent, TaskSpec } from "../../../sdk/spec/index.ts";
import type { TaskState } from "../../state/task_state.ts";
import type { Transition } from "../../state/transition.ts";
import type { Plan } from "../plan/plan.ts";
import type { EngineTx, MovedInstance, NewCallback } from "../store.ts";

/** States that a try ends in, and what happened. A try that was lost is nobody's doing, and another follows: nothing happened to the task. */
const EVENTS: Readonly<Partial<Record<TaskState, TaskEvent>>> = {
  success: "onSuccess",
  failed: "onFailure",
  up_for_retry: "onRetry",
  skipped: "onSkipped",
};

/** The callbacks of a task, in a list of one or none. Pure. */
export function callbacksOf(
  task: TaskSpec | undefined,
  runId: number,
  { instanceId, tryNumber, to, reason, error }: Transition,
): readonly NewCallback[] {
  const event = EVENTS[to];
  if (event === undefined || !task?.callbacks?.includes(event)) return [];
  return [{ runId, instanceId, tryNumber, event, reason, error }];
}

/** Whether an instance that others ended had begun: a try of it had started, or it waited. What had not, ended as if it had never been. Pure. */
export function hadBegun(was: TaskState, { began }: MovedInstance): boolean {
  return began || was === "deferred";
}

/** An end that others give an instance: a person, the time of its run, a failure elsewhere. */
export interface OutsideEnd {
  /** The state that it leaves; none that is final. */
  readonly was: TaskState;
  readonly transition: Transition;
}

/** Ends instances of one run from outside: what had begun is called back as if it had ended by itself. @returns what moved */
export async function endFromOutside(
  tx: Pick<EngineTx, "apply" | "queueCallbacks">,
  plan: Plan,
  ends: readonly OutsideEnd[],
): Promise<readonly MovedInstance[]> {
  const moved = await tx.apply(ends.map(({ transition }) => transition));
  const movedOf = new Map(moved.map((instance) => [instance.id, instance]));
  const callbacks = ends.flatMap(({ was, transition }) => {
    const instance = movedOf.get(transition.instanceId);
    return instance && hadBegun(was, instance)
      ? callbacksOf(plan.tasks.get(instance.taskId)?.spec, instance.runId, transition)
      : [];
  });
  if (callbacks.length > 0) await tx.queueCallbacks(callbacks);
  return moved;
}
