/** How tries end: the outcome becomes a verb, the verb a guarded move, and whatever moved carries its run forward. */
import { DagsmithError } from "../../../sdk/errors.ts";
import type { Json } from "../../../sdk/json.ts";
import type { TaskSpec } from "../../../sdk/spec/index.ts";
import { decideRetry } from "../../state/retry.ts";
import { isFinal, type TaskState } from "../../state/task_state.ts";
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
import { Advance } from "../advance/advance.ts";
import { dagsWithDependsOnPast } from "../advance/depends_on_past.ts";
import type { Settled } from "../advance/finished_instance.ts";
import { isLimited } from "../limits/limits.ts";
import { decides, decisionError } from "../plan/branch_tasks.ts";
import { loopDecidedBy } from "../plan/loop.ts";
import { isGroup, plannedTask } from "../plan/plan.ts";
import type { EngineTx, LockedRun, MovedInstance, NewCallback } from "../store.ts";
import { callbacksOf, hadBegun } from "./callbacks.ts";
import type { FailedOutcome, Outcome, TryEnd } from "./outcome.ts";
import { assetUpdates, goesOn, type Proposal, storeNextStates, storeResults } from "./results.ts";
import { waitMove } from "./waiting.ts";

export interface Settlement {
  /** Ends that counted, as `instanceId`; the others came too late and changed nothing. */
  readonly accepted: ReadonlySet<number>;
  /** Runs that ended with them. */
  readonly finishedRuns: readonly number[];
  /** The same as they were before. */
  readonly ended: readonly LockedRun[];
  /** DAGs in which a task may wait for what ended here: see past.ts. */
  readonly dependsOnPastDags: readonly string[];
  /** Whether assets were updated, so that DAGs may have been waiting for them. */
  readonly updatedAssets: boolean;
}

/** A try may be lost to dead workers this often before its task is given up. */
export const MAX_LOST_TRIES = 5;

/** Applies ends of tries, all runs of the batch in one transaction. Late and repeated ends change nothing. */
export async function settle(tx: EngineTx, ends: readonly TryEnd[]): Promise<Settlement> {
  const runs = await tx.lockRuns([...new Set(ends.map(({ runId }) => runId))]);
  const runOf = new Map(runs.map((run) => [run.id, run]));
  const proposals = firstOfEachTry(ends).flatMap((end) => proposalFor(end, runOf.get(end.runId)));
  const moved = await tx.apply(proposals.map(({ transition }) => transition));
  const accepted = acceptedOf(proposals, moved);
  await storeResults(tx, accepted, moved, runOf);
  await storeNextStates(tx, accepted, runOf);
  const callbacks = callbacksOfEnds(accepted, moved, runOf);
  if (callbacks.length > 0) await tx.queueCallbacks(callbacks);
  const updates = assetUpdates(accepted, runOf);
  if (updates.length > 0) await tx.updateAssets(updates);
  const advance = new Advance(
    tx,
    runs.filter((run) => run.state === "running"),
  );
  for (const { transition, end } of accepted) {
    const { instanceId, to, nextTry, retryInMs } = transition;
    const keys = end.outcome.kind === "unplaced" ? end.outcome.keys : undefined;
    if (isTurn(to))
      advance.wake({ instanceId, tryNumber: nextTry, inMs: retryInMs ?? 0 }, end, keys);
  }
  const outcomes = new Map(
    accepted.map(({ end: { outcome }, transition }) => [transition.instanceId, outcome]),
  );
  hearDecisions(advance, accepted, runOf);
  const stopped = await moveGroups(advance, accepted, runOf);
  await advance.follow([
    ...moved.flatMap((instance) => settledOf(instance, runOf, outcomes.get(instance.id))),
    ...stopped,
  ]);
  const finishedRuns = await advance.commit();
  const ended = runs.filter(({ id }) => finishedRuns.includes(id));
  const accounts = {
    finishedRuns,
    ended,
    dependsOnPastDags: dagsWithDependsOnPast(runs),
    updatedAssets: updates.length > 0,
  };
  return { accepted: new Set(moved.map(({ id }) => id)), ...accounts };
}

/** Decisions are known from their ends; asking for them again would cost a round trip each. */
function hearDecisions(
  advance: Advance,
  accepted: readonly Proposal[],
  runOf: ReadonlyMap<number, LockedRun>,
): void {
  for (const { end } of accepted) {
    const { outcome } = end;
    const run = runOf.get(end.runId);
    if (run?.state !== "running" || outcome.kind !== "success" || outcome.output === null) continue;
    if (decides(plannedTask(run.plan, end.taskId).spec))
      advance.heard(end, JSON.parse(outcome.output) as Json);
  }
}

/** Lets groups run again whose next try is due, and stops those whose time is up or that a person stopped. @returns what ended by it */
async function moveGroups(
  advance: Advance,
  accepted: readonly Proposal[],
  runOf: ReadonlyMap<number, LockedRun>,
): Promise<readonly Settled[]> {
  const groups = accepted.flatMap(({ end: { runId, taskId, mapIndex, outcome } }) => {
    const run = runOf.get(runId);
    return run?.state === "running" && isGroup(plannedTask(run.plan, taskId).spec)
      ? [{ runId, taskId, mapIndex, outcome }]
      : [];
  });
  const repeated = groups.filter(({ outcome }) => outcome.kind === "repeated");
  if (repeated.length > 0) await advance.repeatGroups(repeated);
  const stopped = groups.flatMap(({ outcome, ...group }) =>
    outcome.kind === "overran" || outcome.kind === "cancelled"
      ? [{ ...group, reason: outcome.reason }]
      : [],
  );
  return stopped.length > 0 ? advance.stopGroups(stopped) : [];
}

/** A batch may hold one end twice, when it was said again after a broken connection. */
function firstOfEachTry(ends: readonly TryEnd[]): readonly TryEnd[] {
  const byTry = Map.groupBy(ends, ({ instanceId, tryNumber }) => `${instanceId}#${tryNumber}`);
  return [...byTry.values()].flatMap(([first]) => first ?? []);
}

function proposalFor(end: TryEnd, run: LockedRun | undefined): readonly Proposal[] {
  if (!run) return [];
  const checked = { ...end, outcome: checkedOutcome(end, run) };
  return [{ end: checked, transition: transitionFor(checked, run) }];
}

/** A task that decides something impossible has failed, and would again. */
function checkedOutcome({ taskId, outcome }: TryEnd, { plan }: LockedRun): Outcome {
  if (outcome.kind !== "success") return outcome;
  const error = decisionError(plan, plannedTask(plan, taskId).spec, outcome.output);
  if (!error) return outcome;
  const { name, message } = error;
  return {
    kind: "failed",
    reason: `UNKNOWN_BRANCH: ${message}`,
    error: { name, message, stack: "" },
    retryable: false,
  };
}

function transitionFor(end: TryEnd, run: LockedRun): Transition {
  const { outcome, workerId } = end;
  const planned = plannedTask(run.plan, end.taskId);
  if (outcome.kind === "success") return overLimit(end, run) ?? succeed(end, workerId);
  if (outcome.kind === "skipped")
    return (outcome.leftOut ? filterOut : skip)(end, workerId, outcome.reason);
  if (outcome.kind === "unplaced") return yieldForSlots(end, workerId);
  if (outcome.kind === "lost")
    return end.lostTries < MAX_LOST_TRIES
      ? rescue(end, workerId, outcome.reason, isLimited(planned.route, run))
      : failLost(end, workerId, outcome.reason);
  if (outcome.kind === "failed") return failedMove(end, outcome, planned.spec);
  return waitMove(end, outcome, planned, run);
}

function failedMove(
  end: TryEnd,
  { reason, error, retryable, retryAfterMs }: FailedOutcome,
  task: TaskSpec,
): Transition {
  // Airflow's meaning of a soft failure: the sensor's time is up, or its poke says that no retry helps.
  if (task.sensor?.softFail && error?.name === "FailTask") return skip(end, end.workerId, reason);
  const asked = retryAfterMs === undefined ? {} : { retryAfterMs };
  const tryNumber = end.tryNumber - (end.clearedTries ?? 0);
  const decision = decideRetry(task, {
    ...end,
    ...asked,
    tryNumber,
    retryable,
    seed: `${end.instanceId}`,
  });
  return decision.again
    ? retry(end, end.workerId, decision.delayMs, reason, error)
    : fail(end, end.workerId, reason, error);
}

/** Whether an instance in this state is to be handed to a worker, now or later. */
function isTurn(state: TaskState): boolean {
  return state === "queued" || state === "scheduled" || state === "up_for_retry";
}

/** The last iteration that a loop may have, when it is not done: what it returned is kept, and the loop has failed. */
function overLimit(end: TryEnd, run: LockedRun): Transition | undefined {
  if (!goesOn(end.outcome)) return undefined;
  const { each, taskId } = plannedTask(run.plan, end.taskId).spec;
  const decided = loopDecidedBy(run.plan, taskId);
  const limit =
    decided?.maxIterations ?? (each && "loop" in each ? each.loop.maxIterations : undefined);
  if (limit === undefined || end.mapIndex + 1 < limit) return undefined;
  const { code, message } = new DagsmithError("LOOP_LIMIT", {
    task: decided?.group ?? taskId,
    limit,
  });
  return fail(end, end.workerId, code, { name: "DagsmithError", message, stack: "" });
}

/** Of a stale end and the current one of an instance, only that whose move the instance shows. */
function acceptedOf(
  proposals: readonly Proposal[],
  moved: readonly MovedInstance[],
): readonly Proposal[] {
  const movedOf = new Map(moved.map((instance) => [instance.id, instance]));
  return proposals.filter(({ transition: { instanceId, to, nextTry } }) => {
    const instance = movedOf.get(instanceId);
    return instance?.state === to && instance.tryNumber === nextTry;
  });
}

/** What a person stopped has callbacks only when it had begun. */
function callbacksOfEnds(
  accepted: readonly Proposal[],
  moved: readonly MovedInstance[],
  runOf: ReadonlyMap<number, LockedRun>,
): readonly NewCallback[] {
  const movedOf = new Map(moved.map((instance) => [instance.id, instance]));
  return accepted.flatMap(({ end: { runId, taskId, outcome }, transition }) => {
    const instance = movedOf.get(transition.instanceId);
    const isUnbegun =
      outcome.kind === "cancelled" && instance !== undefined && !hadBegun(outcome.state, instance);
    return isUnbegun
      ? []
      : callbacksOf(runOf.get(runId)?.plan.tasks.get(taskId)?.spec, runId, transition);
  });
}

function settledOf(
  instance: MovedInstance,
  runOf: ReadonlyMap<number, LockedRun>,
  outcome: Outcome | undefined,
): readonly Settled[] {
  const { runId, taskId, mapIndex, state } = instance;
  if (!isFinal(state) || runOf.get(runId)?.state !== "running") return [];
  const again = state === "success" && outcome !== undefined && goesOn(outcome);
  return [
    {
      runId,
      taskId,
      mapIndex,
      state,
      again,
      waited: outcome?.kind === "cancelled" && outcome.state === "scheduled",
    },
  ];
}
