/** The transition that the end of a try asks for. */

import { errorTitle } from "../../../sdk/error_message.ts";
import { DagsmithError } from "../../../sdk/errors.ts";
import type { TaskSpec } from "../../../sdk/spec/index.ts";
import { afterLoss } from "../../state/lost_try.ts";
import { storedError } from "../../state/stored_error.ts";
import {
  fail,
  failLost,
  filterOut,
  rescue,
  retry,
  skip,
  succeed,
  type Transition,
  yieldForSlots,
} from "../../state/transition.ts";
import { isLimited } from "../limits/limits.ts";
import { decisionError } from "../plan/branch_tasks.ts";
import { loopDecidedBy } from "../plan/loop.ts";
import { plannedTask } from "../plan/plan.ts";
import type { LockedRun } from "../store.ts";
import { asksForNext, type FailedOutcome, type Outcome, type TryEnd } from "./outcome.ts";
import { retryOf } from "./retry_of.ts";
import { waitMove } from "./wait_move.ts";

/**
 * An impossible decision of a branch task is a failure; a retry would decide the same.
 */
export function checkedEnd(end: TryEnd, { plan }: LockedRun): TryEnd {
  const { taskId, outcome } = end;
  if (outcome.kind !== "success") return end;
  const error = decisionError(plan, plannedTask(plan, taskId).spec, outcome.output);
  return error ? { ...end, outcome: unknownBranch(error) } : end;
}

function unknownBranch(cause: DagsmithError): Outcome {
  const error = storedError(cause);
  return { kind: "failed", reason: errorTitle(error), error, retryable: false };
}

export function moveOf(end: TryEnd, run: LockedRun): Transition {
  const { outcome, workerId } = end;
  const planned = plannedTask(run.plan, end.taskId);
  switch (outcome.kind) {
    case "success":
      return overLimit(end, run) ?? succeed(end, workerId);
    case "skipped":
      return (outcome.filteredOut ? filterOut : skip)(end, workerId, outcome.reason);
    case "needs_slots":
      return yieldForSlots(end, workerId);
    case "lost":
      return lostMove(end, outcome.reason, isLimited(planned.route, run));
    case "failed":
      return failedMove(end, outcome, planned.spec);
    default:
      return waitMove(end, outcome, planned, run);
  }
}

function lostMove(end: TryEnd, reason: string, isLimited: boolean): Transition {
  const next = afterLoss(reason, end);
  return next.again
    ? rescue(end, end.workerId, reason, { isLimited, inMs: next.inMs })
    : failLost(end, end.workerId, reason);
}

function failedMove(
  end: TryEnd,
  { reason, error, retryable, retryAfterMs }: FailedOutcome,
  task: TaskSpec,
): Transition {
  // Airflow's soft failure: the sensor timed out, or its poke threw an error that no
  // retry helps.
  if (task.sensor?.softFail && error?.name === "FailTask") return skip(end, end.workerId, reason);
  const asked = retryAfterMs === undefined ? {} : { retryAfterMs };
  const decision = retryOf(end, task, { retryable, ...asked });
  return decision.again
    ? retry(end, end.workerId, decision.delayMs, reason, error)
    : fail(end, end.workerId, reason, error);
}

/**
 * A loop fails when its last possible iteration asks for another. The output of it is
 * kept.
 */
function overLimit(end: TryEnd, run: LockedRun): Transition | undefined {
  if (!asksForNext(end.outcome)) return undefined;
  const { each, taskId } = plannedTask(run.plan, end.taskId).spec;
  const decided = loopDecidedBy(run.plan, taskId);
  const limit =
    decided?.maxIterations ?? (each && "loop" in each ? each.loop.maxIterations : undefined);
  if (limit === undefined || end.mapIndex + 1 < limit) return undefined;
  const error = new DagsmithError("LOOP_LIMIT", {
    task: decided?.group ?? taskId,
    limit,
  });
  return fail(end, end.workerId, error.code, storedError(error));
}
