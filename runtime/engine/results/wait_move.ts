/** The transition of an instance whose wait begins or ends. */
import type { LateKeys } from "../../../sdk/spec/index.ts";
import {
  cancel,
  deferUntil,
  expire,
  fail,
  failCall,
  reschedule,
  resume,
  retryCall,
  retryGroup,
  skip,
  type Transition,
  timeOutGroup,
  timeOutWait,
} from "../../state/transition.ts";
import { decidePoke, type WayBack, waitOf } from "../../state/wait.ts";
import { reservationsText, routeIn, routeWith } from "../limits/limits.ts";
import type { PlannedTask } from "../plan/plan.ts";
import { timeLimit } from "../plan/time_limit.ts";
import type { LockedRun } from "../store.ts";
import type { TryEnd, WaitOutcome } from "./outcome.ts";
import { retryOf } from "./retry_of.ts";

export function waitMove(
  end: TryEnd,
  outcome: WaitOutcome,
  task: PlannedTask,
  run: LockedRun,
): Transition {
  switch (outcome.kind) {
    case "not_yet":
      return pokeMove(end, outcome.keys, task, run);
    case "asleep":
      return sleepMove(end, outcome, task, run);
    case "deferred":
      return deferUntil(end, end.workerId, waitOf(outcome.wait));
    case "resumed":
      return resume(end);
    case "wait_timed_out":
      return timeOutWait(end, outcome.to, outcome.reason);
    case "call_failed":
      return callMove(end, outcome, task);
    case "group_retry_due":
      return retryGroup(end, timeLimit(task.spec, end.elapsedMs));
    case "group_timed_out":
      return timeOutGroup(end, outcome.reason);
    case "expired":
      return expire(end, outcome.reason);
    case "cancelled":
      return cancel(end, outcome.state, outcome.reason);
  }
}

function callMove(
  end: TryEnd,
  { reason, error, retryable }: Extract<WaitOutcome, { readonly kind: "call_failed" }>,
  { spec }: PlannedTask,
): Transition {
  const decision = retryOf(end, spec, { retryable });
  return decision.again
    ? retryCall(end, decision.delayMs, reason, error)
    : failCall(end, reason, error);
}

/** A task that sleeps gets back to a worker as a sensor does. */
function sleepMove(
  end: TryEnd,
  { at, inMs, keys }: Extract<WaitOutcome, { readonly kind: "asleep" }>,
  task: PlannedTask,
  run: LockedRun,
): Transition {
  return reschedule(end, end.workerId, { at, inMs }, wayBack(keys, task, run));
}

function wayBack(
  keys: LateKeys | undefined,
  { spec, route }: PlannedTask,
  run: LockedRun,
): WayBack {
  const { queue, weight, reservations } = keys
    ? routeWith(route, run, keys)
    : routeIn(route, spec.taskId, run);
  return {
    queue,
    weight,
    reservations: reservations.length > 0 ? reservationsText(reservations) : null,
  };
}

/** The time-out of a sensor spans its retries, so no retry follows a time-out. */
function pokeMove(
  end: TryEnd,
  keys: LateKeys | undefined,
  task: PlannedTask,
  run: LockedRun,
): Transition {
  const { spec } = task;
  const { sensor, totalTimeoutMs } = spec;
  const { workerId, elapsedMs = 0, pokes = 0 } = end;
  if (!sensor) return fail(end, workerId, "the task is no sensor in the version of this run", null);
  const timeoutMs = Math.min(sensor.timeoutMs, totalTimeoutMs ?? Number.POSITIVE_INFINITY);
  const decision = decidePoke({ ...sensor, timeoutMs }, { elapsedMs, pokes });
  if (decision.again) {
    const when = { at: null, inMs: decision.inMs };
    return reschedule(end, workerId, when, wayBack(keys, task, run));
  }
  return sensor.softFail
    ? skip(end, workerId, decision.reason)
    : fail(end, workerId, decision.reason, null);
}
