/** What ends of tries left, of those that counted: outputs, labels, what a loop goes on with, and updates of assets. */

import type { Transition } from "../../state/transition.ts";
import { loopDecidedBy } from "../plan/loop.ts";
import { plannedTask } from "../plan/plan.ts";
import type { AssetUpdate, EngineTx, KeptJson, LockedRun, MovedInstance } from "../store.ts";
import type { Outcome, TryEnd } from "./outcome.ts";
import { updatesOf } from "./outlets.ts";

/** An end and the move that it asks for. */
export interface Proposal {
  readonly end: TryEnd;
  readonly transition: Transition;
}

/** Whether an iteration of a loop says that another follows. */
export function goesOn(outcome: Outcome): boolean {
  return outcome.kind === "success" && outcome.again === true;
}

/** Stores outputs and labels, and forgets what tries left that another follows. */
export async function storeResults(
  tx: EngineTx,
  accepted: readonly Proposal[],
  moved: readonly MovedInstance[],
  runOf: ReadonlyMap<number, LockedRun>,
): Promise<void> {
  const outputs = accepted.flatMap(({ end: { runId, taskId, mapIndex, outcome } }) => {
    const kept = keptOf(outcome);
    return kept ? [{ runId, taskId, mapIndex, ...kept }] : [];
  });
  if (outputs.length > 0) await tx.storeOutputs(outputs);
  const labels = accepted.flatMap((proposal) => labelsOf(proposal, runOf));
  if (labels.length > 0) await tx.storeLabels(labels);
  // Only a new try begins without what earlier ones left; a sensor keeps it from poke to poke.
  const next = new Set(
    accepted
      .filter(({ transition }) => transition.history !== null)
      .map(({ end }) => end.instanceId),
  );
  const again = moved.filter(({ id }) => next.has(id));
  if (again.length > 0) await tx.clearXComs(again);
}

/** What people call an instance; an element of a mapped group is called as its tasks are. */
function labelsOf(
  { end }: Proposal,
  runOf: ReadonlyMap<number, LockedRun>,
): Parameters<EngineTx["storeLabels"]>[0] {
  const { runId, taskId, mapIndex, outcome } = end;
  if (outcome.label === undefined) return [];
  const group = runOf.get(runId)?.plan.tasks.get(taskId)?.mappedIn ?? null;
  const own = { runId, taskId, mapIndex, label: outcome.label };
  return group === null ? [own] : [own, { ...own, taskId: group }];
}

/** What the next iteration of a group begins with is the output of the one before; the last one has none. */
export async function storeNextStates(
  tx: EngineTx,
  accepted: readonly Proposal[],
  runOf: ReadonlyMap<number, LockedRun>,
): Promise<void> {
  const states = accepted.flatMap(({ end: { runId, taskId, mapIndex, outcome }, transition }) => {
    const run = runOf.get(runId);
    const loop = run && loopDecidedBy(run.plan, taskId);
    if (!loop || transition.to !== "success" || outcome.kind !== "success") return [];
    return [
      {
        runId,
        taskId: loop.group,
        mapIndex,
        json: goesOn(outcome) ? (outcome.output ?? "null") : null,
      },
    ];
  });
  const next = states.flatMap(({ json, ...of }) =>
    json === null ? [] : [{ ...of, json, file: null }],
  );
  if (next.length > 0) await tx.storeOutputs(next);
  const done = states.filter(({ json }) => json === null);
  if (done.length > 0) await tx.clearXComs(done);
}

/** What is stored of an outcome; undefined when the task left nothing. */
function keptOf(outcome: Outcome): KeptJson | undefined {
  if (outcome.kind === "success" && outcome.file !== undefined)
    return { json: null, file: outcome.file };
  const isOutput = outcome.kind === "success" || outcome.kind === "resumed";
  return isOutput && outcome.output !== null ? { json: outcome.output, file: null } : undefined;
}

/** By whatever a task succeeded: its body, or the end of what it waited for. */
export function assetUpdates(
  accepted: readonly Proposal[],
  runOf: ReadonlyMap<number, LockedRun>,
): readonly AssetUpdate[] {
  return accepted.flatMap(({ end, transition }) => {
    const run = runOf.get(end.runId);
    const said = end.outcome.kind === "success" ? (end.outcome.assets ?? []) : [];
    return run && transition.to === "success"
      ? updatesOf(plannedTask(run.plan, end.taskId).spec, end, said)
      : [];
  });
}
