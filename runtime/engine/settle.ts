/** How tries end: the outcome becomes a verb, the verb a guarded move, and whatever moved carries its run forward. */
import { DagsmithError } from "../../sdk/errors.ts";
import { decideRetry } from "../state/retry.ts";
import { abandon, fail, isFinal, leaveOut, rescue, retry, type StoredError, skip, succeed, type Transition } from "../state/task_state.ts";
import { Advance, type Settled } from "./advance.ts";
import { decisionError } from "./deciders.ts";
import { isLimited } from "./limits.ts";
import { dagsWithPast } from "./past.ts";
import { plannedTask } from "./plan.ts";
import type { EngineTx, LockedRun, MovedInstance } from "./store.ts";

/** How the worker saw a try end. */
export type Outcome = Ending & {
  /** What the task calls this instance of it, when it says so. */
  readonly label?: string;
};

type Ending =
  /** `output` is JSON text; null when the body returned nothing. `again`: an iteration of a loop that is not done. */
  | { readonly kind: "success"; readonly output: string | null; readonly again?: boolean }
  /** `leftOut`: its item is none of the list's. */
  | { readonly kind: "skipped"; readonly reason: string; readonly leftOut?: boolean }
  | { readonly kind: "failed"; readonly reason: string; readonly error: StoredError | null; readonly retryable: boolean }
  /** Its worker died; this is said by whoever found out. */
  | { readonly kind: "lost"; readonly reason: string };

/** The end of one try. */
export interface TryEnd {
  readonly instanceId: number;
  readonly tryNumber: number;
  readonly lostTries: number;
  /** Tries before the instance was last cleared: they use up no retry. Default 0. */
  readonly clearedTries?: number;
  readonly runId: number;
  readonly taskId: string;
  readonly mapIndex: number;
  /** The worker that held the try: the fence. */
  readonly workerId: string;
  readonly outcome: Outcome;
}

export interface Settlement {
  /** Ends that counted, as `instanceId`; the others came too late and changed nothing. */
  readonly accepted: ReadonlySet<number>;
  /** Runs that ended with them. */
  readonly finishedRuns: readonly number[];
  /** The same as they were before. */
  readonly ended: readonly LockedRun[];
  /** DAGs in which a task may wait for what ended here: see past.ts. */
  readonly pastDags: readonly string[];
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
  await storeResults(tx, accepted, moved);
  const advance = new Advance(
    tx,
    runs.filter((run) => run.state === "running"),
  );
  for (const { transition, end } of accepted) {
    const { instanceId, to, nextTry, retryInMs } = transition;
    if (!isFinal(to)) advance.wake({ instanceId, tryNumber: nextTry, inMs: retryInMs ?? 0 }, end);
  }
  const again = new Set(accepted.flatMap(({ end: { outcome }, transition }) => (goesOn(outcome) ? [transition.instanceId] : [])));
  await advance.follow(moved.flatMap((instance) => settledOf(instance, runOf, again)));
  const finishedRuns = await advance.commit();
  const ended = runs.filter(({ id }) => finishedRuns.includes(id));
  return { accepted: new Set(moved.map(({ id }) => id)), finishedRuns, ended, pastDags: dagsWithPast(runs) };
}

/** An end and the move that it asks for. */
interface Proposal {
  readonly end: TryEnd;
  readonly transition: Transition;
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
  return { kind: "failed", reason: `UNKNOWN_BRANCH: ${message}`, error: { name, message, stack: "" }, retryable: false };
}

function transitionFor(end: TryEnd, run: LockedRun): Transition {
  const { outcome, workerId } = end;
  if (outcome.kind === "success") return overLimit(end, run) ?? succeed(end, workerId);
  if (outcome.kind === "skipped") return (outcome.leftOut ? leaveOut : skip)(end, workerId, outcome.reason);
  if (outcome.kind === "lost")
    return end.lostTries < MAX_LOST_TRIES
      ? rescue(end, workerId, outcome.reason, isLimited(plannedTask(run.plan, end.taskId).route, run))
      : abandon(end, workerId, outcome.reason);
  const decision = decideRetry(plannedTask(run.plan, end.taskId).spec, {
    ...end,
    tryNumber: end.tryNumber - (end.clearedTries ?? 0),
    retryable: outcome.retryable,
    seed: `${end.instanceId}`,
  });
  return decision.again
    ? retry(end, workerId, decision.delayMs, outcome.reason, outcome.error)
    : fail(end, workerId, outcome.reason, outcome.error);
}

/** Whether an iteration of a loop says that another follows. */
function goesOn(outcome: Outcome): boolean {
  return outcome.kind === "success" && outcome.again === true;
}

/** The last iteration that a loop may have, when it is not done: what it returned is kept, and the loop has failed. */
function overLimit(end: TryEnd, run: LockedRun): Transition | undefined {
  const { each, taskId } = plannedTask(run.plan, end.taskId).spec;
  if (!goesOn(end.outcome) || each === null || !("loop" in each) || end.mapIndex + 1 < each.loop.maxIterations) return undefined;
  const { code, message } = new DagsmithError("LOOP_LIMIT", { task: taskId, limit: each.loop.maxIterations });
  return fail(end, end.workerId, code, { name: "DagsmithError", message, stack: "" });
}

/** Of a stale end and the current one of an instance, only that whose move the instance shows. */
function acceptedOf(proposals: readonly Proposal[], moved: readonly MovedInstance[]): readonly Proposal[] {
  const movedOf = new Map(moved.map((instance) => [instance.id, instance]));
  return proposals.filter(({ transition: { instanceId, to, nextTry } }) => {
    const instance = movedOf.get(instanceId);
    return instance?.state === to && instance.tryNumber === nextTry;
  });
}

async function storeResults(tx: EngineTx, accepted: readonly Proposal[], moved: readonly MovedInstance[]): Promise<void> {
  const outputs = accepted.flatMap(({ end: { runId, taskId, mapIndex, outcome } }) =>
    outcome.kind === "success" && outcome.output !== null ? [{ runId, taskId, mapIndex, json: outcome.output }] : [],
  );
  if (outputs.length > 0) await tx.storeOutputs(outputs);
  const labels = accepted.flatMap(({ end: { instanceId, outcome } }) =>
    outcome.label === undefined ? [] : [{ instanceId, label: outcome.label }],
  );
  if (labels.length > 0) await tx.storeLabels(labels);
  const again = moved.filter(({ state }) => !isFinal(state));
  if (again.length > 0) await tx.clearXComs(again);
}

function settledOf(instance: MovedInstance, runOf: ReadonlyMap<number, LockedRun>, goingOn: ReadonlySet<number>): readonly Settled[] {
  const { id, runId, taskId, mapIndex, state } = instance;
  if (!isFinal(state) || runOf.get(runId)?.state !== "running") return [];
  return [{ runId, taskId, mapIndex, state, again: state === "success" && goingOn.has(id) }];
}
