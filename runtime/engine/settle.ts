/** How tries end: the outcome becomes a verb, the verb a guarded move, and whatever moved carries its run forward. */
import { decideRetry } from "../state/retry.ts";
import { abandon, fail, isFinal, rescue, retry, type StoredError, skip, succeed, type Transition } from "../state/task_state.ts";
import { Advance, type Settled } from "./advance.ts";
import { plannedTask } from "./plan.ts";
import type { EngineTx, LockedRun, MovedInstance } from "./store.ts";

/** How the worker saw a try end. */
export type Outcome =
  /** `output` is JSON text; null when the body returned nothing. */
  | { readonly kind: "success"; readonly output: string | null }
  | { readonly kind: "skipped"; readonly reason: string }
  | { readonly kind: "failed"; readonly reason: string; readonly error: StoredError | null; readonly retryable: boolean }
  /** Its worker died; this is said by whoever found out. */
  | { readonly kind: "lost"; readonly reason: string };

/** The end of one try. */
export interface TryEnd {
  readonly instanceId: number;
  readonly tryNumber: number;
  readonly lostTries: number;
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
}

/** A try may be lost to dead workers this often before its task is given up. */
export const MAX_LOST_TRIES = 5;

/** Applies ends of tries, all runs of the batch in one transaction. Late and repeated ends change nothing. */
export async function settle(tx: EngineTx, ends: readonly TryEnd[]): Promise<Settlement> {
  const runs = await tx.lockRuns([...new Set(ends.map(({ runId }) => runId))]);
  const runOf = new Map(runs.map((run) => [run.id, run]));
  const moved = await tx.apply(ends.flatMap((end) => transitionFor(end, runOf.get(end.runId))));
  const movedOf = new Map(moved.map((instance) => [instance.id, instance]));
  await storeResults(tx, ends, movedOf);
  const advance = new Advance(
    tx,
    runs.filter((run) => run.state === "running"),
  );
  for (const { instanceId, tryNumber, inMs } of newTries(ends, runOf, movedOf)) advance.wake({ instanceId, tryNumber, inMs });
  await advance.follow(moved.flatMap((instance) => settledOf(instance, runOf)));
  return { accepted: new Set(movedOf.keys()), finishedRuns: await advance.commit() };
}

function transitionFor(end: TryEnd, run: LockedRun | undefined): readonly Transition[] {
  if (!run) return [];
  const { outcome, workerId } = end;
  if (outcome.kind === "success") return [succeed(end, workerId)];
  if (outcome.kind === "skipped") return [skip(end, workerId, outcome.reason)];
  if (outcome.kind === "lost")
    return [end.lostTries < MAX_LOST_TRIES ? rescue(end, workerId, outcome.reason) : abandon(end, workerId, outcome.reason)];
  const decision = decideRetry(plannedTask(run.plan, end.taskId).spec, { ...end, retryable: outcome.retryable, seed: `${end.instanceId}` });
  return [
    decision.again
      ? retry(end, workerId, decision.delayMs, outcome.reason, outcome.error)
      : fail(end, workerId, outcome.reason, outcome.error),
  ];
}

async function storeResults(tx: EngineTx, ends: readonly TryEnd[], movedOf: ReadonlyMap<number, MovedInstance>): Promise<void> {
  const outputs = ends.flatMap(({ instanceId, runId, taskId, mapIndex, outcome }) =>
    outcome.kind === "success" && outcome.output !== null && movedOf.has(instanceId)
      ? [{ runId, taskId, mapIndex, json: outcome.output }]
      : [],
  );
  if (outputs.length > 0) await tx.storeOutputs(outputs);
  const again = [...movedOf.values()].filter(({ state }) => !isFinal(state));
  if (again.length > 0) await tx.clearXComs(again);
}

/** Tokens for the tries that follow those which ended. */
function newTries(
  ends: readonly TryEnd[],
  runOf: ReadonlyMap<number, LockedRun>,
  movedOf: ReadonlyMap<number, MovedInstance>,
): readonly { instanceId: number; tryNumber: number; inMs: number }[] {
  return ends.flatMap((end) => {
    const instance = movedOf.get(end.instanceId);
    if (!instance || isFinal(instance.state)) return [];
    const [transition] = transitionFor(end, runOf.get(end.runId));
    return [{ instanceId: instance.id, tryNumber: instance.tryNumber, inMs: transition?.retryInMs ?? 0 }];
  });
}

function settledOf(instance: MovedInstance, runOf: ReadonlyMap<number, LockedRun>): readonly Settled[] {
  const { runId, taskId, mapIndex, state } = instance;
  return isFinal(state) && runOf.get(runId)?.state === "running" ? [{ runId, taskId, mapIndex, state }] : [];
}
