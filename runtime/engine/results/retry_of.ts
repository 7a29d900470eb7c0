/** Whether another try follows a try that failed, and when. */
import type { TaskSpec } from "../../../sdk/spec/index.ts";
import { decideRetry } from "../../state/retry.ts";
import type { FailedOutcome, TryEnd } from "./outcome.ts";

/** Tries before a clear use up no retry. */
export function retryOf(
  end: TryEnd,
  task: TaskSpec,
  failed: Pick<FailedOutcome, "retryable" | "retryAfterMs">,
): ReturnType<typeof decideRetry> {
  const tryNumber = end.tryNumber - (end.clearedTries ?? 0);
  return decideRetry(task, { ...end, ...failed, tryNumber, seed: `${end.instanceId}` });
}
