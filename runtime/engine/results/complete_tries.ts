/**
 * How tries end: the outcome becomes a guarded transition, and each instance that moved
 * carries its run forward.
 */
import type { Json } from "../../../sdk/json.ts";
import { isFinal, type TaskState } from "../../state/task_state.ts";
import type { Transition } from "../../state/transition.ts";
import { retryGroups, stopGroups } from "../advance/control_groups.ts";
import { dagsWithDependsOnPast } from "../advance/depends_on_past.ts";
import { propagate } from "../advance/propagate.ts";
import { RunView } from "../advance/run_view.ts";
import { changesBy } from "../counts/count.ts";
import { type FinishedInstance, finished, type RunEvent } from "../counts/run_event.ts";
import type { InstanceKey, Scope } from "../counts/scope.ts";
import { isBranchTask } from "../plan/branch_tasks.ts";
import { isGroup, isLoop, plannedTask } from "../plan/plan.ts";
import type { EngineTx, LockedRun, MovedInstance } from "../store.ts";
import { together } from "../together.ts";
import { handOver, type Offer } from "./hand_over.ts";
import { asksForNext, type TryEnd } from "./outcome.ts";
import { checkedEnd, moveOf } from "./try_move.ts";
import { type AcceptedEnd, resultsOf } from "./try_results.ts";

export interface CompletionResult {
  /**
   * The ids of the instances whose ends counted; later ends of the same tries changed
   * nothing.
   */
  readonly accepted: ReadonlySet<number>;
  /** Runs that ended by it. */
  readonly finishedRuns: readonly number[];
  /** The same runs as they were before. */
  readonly ended: readonly LockedRun[];
  /** DAGs in which a task may wait for one of these runs (depends_on_past). */
  readonly dependsOnPastDags: readonly string[];
  /** Whether assets were updated, for which other DAGs may wait. */
  readonly updatedAssets: boolean;
  /** Whether tasks called other DAGs, whose runs must be created. */
  readonly calls: boolean;
  /**
   * Queued instances without a job, which the caller must start in the same transaction.
   */
  readonly taken: readonly InstanceKey[];
}

const NOTHING_OFFERED: Offer = { slots: 0, queues: [] };

/** An end, and the transition that it asks for. */
interface Proposal {
  readonly end: TryEnd;
  readonly run: LockedRun;
  readonly transition: Transition;
}

/**
 * Applies ends of tries of any runs in one transaction. Late and repeated ends change
 * nothing.
 * @param offer what the worker that reports the ends can begin at once. Default: nothing
 */
export async function completeTries(
  tx: EngineTx,
  ends: readonly TryEnd[],
  offer: Offer = NOTHING_OFFERED,
): Promise<CompletionResult> {
  const runs = await tx.lockRuns([...new Set(ends.map(({ runId }) => runId))]);
  const proposals = proposalsFor(ends, runs);
  const view = new RunView(
    tx,
    runs.filter(({ state }) => state === "running"),
  );
  // The store gets both requests at once: which counters will change is known before the
  // instances move.
  const [moved] = await together([
    tx.apply(proposals.map(({ transition }) => transition)),
    view.counters.at(proposals.flatMap(scopesCountedBy)),
  ]);
  const accepted = acceptedOf(proposals, moved);
  const results = resultsOf(accepted);
  await tx.storeResults(results);
  await carryForward(view, accepted);
  const taken = handOver(view, offer);
  const finishedRuns = await view.save();
  return {
    accepted: new Set(moved.map(({ id }) => id)),
    finishedRuns,
    ended: runs.filter(({ id }) => finishedRuns.includes(id)),
    dependsOnPastDags: dagsWithDependsOnPast(runs),
    updatedAssets: (results.assetUpdates ?? []).length > 0,
    calls: accepted.some(({ transition }) => transition.wait?.kind === "call"),
    taken,
  };
}

function proposalsFor(ends: readonly TryEnd[], runs: readonly LockedRun[]): readonly Proposal[] {
  const runOf = new Map(runs.map((run) => [run.id, run]));
  return firstOfEachTry(ends).flatMap((given) => {
    const run = runOf.get(given.runId);
    if (!run) return [];
    const end = checkedEnd(given, run);
    return [{ end, run, transition: moveOf(end, run) }];
  });
}

/** The scopes whose counters change when the end is accepted. */
function scopesCountedBy({ end, run, transition }: Proposal): readonly Scope[] {
  if (run.state !== "running" || !isFinal(transition.to)) return [];
  return changesBy(plannedTask(run.plan, end.taskId), finished(end, transition.to));
}

/** A batch may hold an end twice: a worker sends it again after its connection broke. */
function firstOfEachTry(ends: readonly TryEnd[]): readonly TryEnd[] {
  const byTry = Map.groupBy(ends, ({ instanceId, tryNumber }) => `${instanceId}#${tryNumber}`);
  return [...byTry.values()].flatMap(([first]) => first ?? []);
}

/**
 * Of a stale end and the current end of one instance, only that which moved the instance.
 */
function acceptedOf(
  proposals: readonly Proposal[],
  moved: readonly MovedInstance[],
): readonly (AcceptedEnd & Proposal)[] {
  const movedOf = new Map(moved.map((instance) => [instance.id, instance]));
  return proposals.flatMap((proposal) => {
    const { instanceId, to, nextTry } = proposal.transition;
    const instance = movedOf.get(instanceId);
    return instance?.state === to && instance.tryNumber === nextTry
      ? [{ ...proposal, plan: proposal.run.plan, moved: instance }]
      : [];
  });
}

/** Decides what follows in running runs after their tries. */
async function carryForward(
  view: RunView,
  accepted: readonly (AcceptedEnd & Proposal)[],
): Promise<void> {
  for (const one of accepted) enqueueNext(view, one);
  const ofRunning = accepted.filter(({ run }) => run.state === "running");
  for (const one of ofRunning) rememberDecision(view, one);
  const stopped = await controlGroups(view, ofRunning);
  await propagate(view, [...ofRunning.flatMap(finishedBy), ...stopped]);
}

/** An instance that waits for a worker needs a job in the queue, now or later. */
function enqueueNext(view: RunView, { end, transition }: AcceptedEnd): void {
  const { instanceId, to, nextTry, retryInMs } = transition;
  if (!WAITS_FOR_WORKER.includes(to)) return;
  const keys = end.outcome.kind === "needs_slots" ? end.outcome.keys : undefined;
  view.enqueue({ instanceId, tryNumber: nextTry, inMs: retryInMs ?? 0 }, end, keys);
}

const WAITS_FOR_WORKER: readonly TaskState[] = ["queued", "scheduled", "up_for_retry"];

/**
 * The decision of a branch task is in its end; to read it again would cost a round trip.
 */
function rememberDecision(view: RunView, { end, run }: Proposal): void {
  const { outcome } = end;
  if (outcome.kind !== "success" || outcome.output === null) return;
  if (isBranchTask(plannedTask(run.plan, end.taskId).spec))
    view.branches.rememberDecision(run, end, JSON.parse(outcome.output) as Json);
}

/**
 * Starts due tries of group instances, and stops those that timed out or were stopped.
 */
async function controlGroups(
  view: RunView,
  accepted: readonly AcceptedEnd[],
): Promise<readonly RunEvent[]> {
  const groups = accepted.filter(({ end, plan }) => isGroup(plannedTask(plan, end.taskId).spec));
  await retryGroups(
    view,
    groups.filter(({ end }) => end.outcome.kind === "group_retry_due").map(({ moved }) => moved),
  );
  const stopped = groups.flatMap(({ end: { outcome }, moved }) =>
    outcome.kind === "group_timed_out" || outcome.kind === "cancelled"
      ? [{ ...moved, reason: outcome.reason }]
      : [],
  );
  return stopped.length > 0 ? stopGroups(view, stopped) : [];
}

function finishedBy({ end, plan, moved }: AcceptedEnd): readonly FinishedInstance[] {
  const { outcome } = end;
  if (!isFinal(moved.state)) return [];
  const finish = finished(moved, moved.state);
  if (outcome.kind === "cancelled" && outcome.state === "scheduled")
    return [{ ...finish, left: "scheduled" }];
  const isNext =
    moved.state === "success" && asksForNext(outcome) && isLoop(plannedTask(plan, end.taskId).spec);
  return [isNext ? { ...finish, next: moved.mapIndex + 1 } : finish];
}
