/** How long a group instance may run. Pure. */
import type { TaskSpec } from "../../../sdk/spec/index.ts";
import { groupTimeout, type Wait } from "../../state/wait.ts";

/**
 * The wait that ends a group instance when it takes too long; undefined without a time
 * limit.
 * @param elapsedMs since the start of its first try
 */
export function timeLimit(
  { executionTimeoutMs, totalTimeoutMs }: TaskSpec,
  elapsedMs = 0,
): Wait | undefined {
  const ofTry = executionTimeoutMs ?? Number.POSITIVE_INFINITY;
  const left =
    totalTimeoutMs === undefined
      ? Number.POSITIVE_INFINITY
      : Math.max(0, totalTimeoutMs - elapsedMs);
  const ms = Math.min(ofTry, left);
  return Number.isFinite(ms) ? groupTimeout(ms) : undefined;
}
