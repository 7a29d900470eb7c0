/** How waiting begins and ends: what a poke, a body that waits, a clock, a run, an event or a person said, as the verb that it amounts to. */
import type { LateKeys, WaitSpec } from "../../../sdk/spec/index.ts";
import type { TaskState } from "../../state/task_state.ts";
import {
  cancel,
  deferUntil,
  expire,
  fail,
  reschedule,
  resume,
  retryGroup,
  skip,
  type Transition,
  timeOutGroup,
  timeOutWait,
} from "../../state/transition.ts";
import { decidePoke, waitOf } from "../../state/wait.ts";
import { timeLimit } from "../advance/groups.ts";
import { reservationsText, routeIn, routeWith } from "../limits/limits.ts";
import type { PlannedTask } from "../plan/plan.ts";
import type { LockedRun } from "../store.ts";
import type { TryEnd } from "./outcome.ts";

/** Ends of a turn that are not the end of work. All but the first two are said by others than a worker. */
export type WaitOutcome =
  /** A sensor's poke said no. `keys`: under which it poked, when it said them by a function; its next poke goes under them too. */
  | { readonly kind: "not_yet"; readonly keys?: LateKeys }
  /** The body only said what to wait for. */
  | { readonly kind: "deferred"; readonly wait: WaitSpec }
  /** What was waited for has come. `output` is JSON text; null for none. */
  | { readonly kind: "resumed"; readonly output: string | null }
  /** What was waited for did not come in time, or can come no more. */
  | { readonly kind: "gave_up"; readonly to: "failed" | "skipped"; readonly reason: string }
  /** The next try of a group is due. */
  | { readonly kind: "repeated" }
  /** The time of a group is up. */
  | { readonly kind: "overran"; readonly reason: string }
  /** No worker took it in time. */
  | { readonly kind: "expired"; readonly reason: string }
  /** A person stopped it in this state; of a group nothing begins any more. */
  | { readonly kind: "cancelled"; readonly state: TaskState; readonly reason: string };

/** What the clock says of a group. */
export const OVERRAN: WaitOutcome = {
  kind: "overran",
  reason: "the group took longer than it may",
};

/** The verb that such an end amounts to. */
export function waitMove(
  end: TryEnd,
  outcome: WaitOutcome,
  task: PlannedTask,
  run: LockedRun,
): Transition {
  switch (outcome.kind) {
    case "not_yet":
      return pokeMove(end, outcome.keys, task, run);
    case "deferred":
      return deferUntil(end, end.workerId, waitOf(outcome.wait));
    case "resumed":
      return resume(end);
    case "gave_up":
      return timeOutWait(end, outcome.to, outcome.reason);
    case "repeated":
      return retryGroup(end, timeLimit(task.spec, end.elapsedMs));
    case "overran":
      return timeOutGroup(end, outcome.reason);
    case "expired":
      return expire(end, outcome.reason);
    case "cancelled":
      return cancel(end, outcome.state, outcome.reason);
  }
}

/** The time-out of a sensor spans its retries, so there is none after it. */
function pokeMove(
  end: TryEnd,
  keys: LateKeys | undefined,
  { spec, route }: PlannedTask,
  run: LockedRun,
): Transition {
  const { sensor, totalTimeoutMs } = spec;
  const { workerId, elapsedMs = 0, pokes = 0 } = end;
  if (!sensor)
    return fail(end, workerId, "the version of this run says that the task is no sensor", null);
  const timeoutMs = Math.min(sensor.timeoutMs, totalTimeoutMs ?? Number.POSITIVE_INFINITY);
  const decision = decidePoke({ ...sensor, timeoutMs }, { elapsedMs, pokes });
  if (decision.again) {
    const { queue, weight, reservations } = keys
      ? routeWith(route, run, keys)
      : routeIn(route, spec.taskId, run);
    return reschedule(end, workerId, decision.inMs, {
      queue,
      weight,
      reservations: reservations.length > 0 ? reservationsText(reservations) : null,
    });
  }
  return sensor.softFail
    ? skip(end, workerId, decision.reason)
    : fail(end, workerId, decision.reason, null);
}
