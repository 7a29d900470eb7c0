/** Which of a task's callbacks the end of a try asks for. */
import type { TaskEvent } from "../../sdk/callback.ts";
import type { TaskSpec } from "../../sdk/spec.ts";
import type { TaskState, Transition } from "../state/task_state.ts";
import type { TryEnd } from "./outcome.ts";
import type { NewCallback } from "./store.ts";

/** States that a try ends in, and what happened. A try that was lost is nobody's doing, and another follows: nothing happened to the task. */
const EVENTS: Readonly<Partial<Record<TaskState, TaskEvent>>> = {
  success: "onSuccess",
  failed: "onFailure",
  up_for_retry: "onRetry",
  skipped: "onSkipped",
};

/** The callbacks of a task, in a list of one or none. Pure. */
export function callbacksOf(task: TaskSpec | undefined, end: TryEnd, { to, reason, error }: Transition): readonly NewCallback[] {
  const event = EVENTS[to];
  if (event === undefined || !task?.callbacks?.includes(event)) return [];
  const { runId, instanceId, tryNumber } = end;
  return [{ runId, instanceId, tryNumber, event, reason, error }];
}
