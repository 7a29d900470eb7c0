/**
 * What ended tries leave behind: outputs, labels, items of next iterations, and asset
 * updates.
 */
import type { Transition } from "../../state/transition.ts";
import { loopDecidedBy } from "../plan/loop.ts";
import { type Plan, plannedTask } from "../plan/plan.ts";
import type {
  AssetUpdate,
  KeptJson,
  MovedInstance,
  NewCallback,
  SleepingStep,
  StateUpdate,
  TryResults,
} from "../store.ts";
import { callbacksOf, hadBegun } from "./callbacks.ts";
import { asksForNext, type Outcome, type TryEnd } from "./outcome.ts";
import { updatesOf } from "./outlets.ts";
import { storedScope } from "./state_scope.ts";

/** An end that counted: the transition that it asked for was applied. */
export interface AcceptedEnd {
  readonly end: TryEnd;
  readonly transition: Transition;
  readonly plan: Plan;
  readonly moved: MovedInstance;
}

export function resultsOf(accepted: readonly AcceptedEnd[]): TryResults {
  const items = accepted.flatMap(nextItemOf);
  return {
    outputs: [...accepted.flatMap(outputOf), ...items.flatMap(({ output }) => output ?? [])],
    labels: accepted.flatMap(labelsOf),
    // A new try begins without the XComs of earlier ones; a sensor keeps them from poke
    // to poke.
    cleared: [
      ...accepted.flatMap(({ transition, moved }) => (transition.history === null ? [] : [moved])),
      ...items.flatMap(({ group, output }) => (output === null ? [group] : [])),
    ],
    callbacks: accepted.flatMap(callbacksOfEnd),
    assetUpdates: accepted.flatMap(assetUpdatesOf),
    state: accepted.flatMap(stateUpdatesOf),
    steps: accepted.flatMap(sleepingStepOf),
  };
}

type Output = KeptJson & { runId: number; taskId: string; mapIndex: number };

function outputOf({ end: { runId, taskId, mapIndex, outcome } }: AcceptedEnd): readonly Output[] {
  const kept = keptOf(outcome);
  return kept ? [{ runId, taskId, mapIndex, ...kept }] : [];
}

/** What is stored of an outcome; undefined when the task returned nothing. */
function keptOf(outcome: Outcome): KeptJson | undefined {
  if (outcome.kind === "success" && outcome.file !== undefined)
    return { json: null, file: outcome.file };
  const isOutput = outcome.kind === "success" || outcome.kind === "resumed";
  return isOutput && outcome.output !== null ? { json: outcome.output, file: null } : undefined;
}

/** A label names the instance; inside a mapped group it names the group instance, too. */
function labelsOf({ end, plan }: AcceptedEnd): NonNullable<TryResults["labels"]> {
  const { runId, taskId, mapIndex, outcome } = end;
  if (outcome.label === undefined) return [];
  const group = plan.tasks.get(taskId)?.mappedGroup ?? null;
  const own = { runId, taskId, mapIndex, label: outcome.label };
  return group === null ? [own] : [own, { ...own, taskId: group }];
}

/**
 * In a loop of a group: the output of the group instance is the item of the next
 * iteration.
 */
function nextItemOf({ end, plan, transition }: AcceptedEnd): readonly {
  readonly group: { readonly runId: number; readonly taskId: string; readonly mapIndex: number };
  /** Null for the last iteration. */
  readonly output: Output | null;
}[] {
  const { runId, taskId, mapIndex, outcome } = end;
  const loop = loopDecidedBy(plan, taskId);
  if (!loop || transition.to !== "success" || outcome.kind !== "success") return [];
  const group = { runId, taskId: loop.group, mapIndex };
  const json = outcome.output ?? "null";
  return [{ group, output: asksForNext(outcome) ? { ...group, json, file: null } : null }];
}

/** An instance that a person stopped has callbacks only when it had started. */
function callbacksOfEnd({ end, plan, transition, moved }: AcceptedEnd): readonly NewCallback[] {
  const { runId, taskId, outcome } = end;
  if (outcome.kind === "cancelled" && !hadBegun(outcome.state, moved)) return [];
  return callbacksOf(plan.tasks.get(taskId)?.spec, runId, transition);
}

/** However the task succeeded: by its body, or by the end of its wait. */
function assetUpdatesOf({ end, plan, transition }: AcceptedEnd): readonly AssetUpdate[] {
  if (transition.to !== "success") return [];
  const declared = end.outcome.kind === "success" ? (end.outcome.assets ?? []) : [];
  return updatesOf(plannedTask(plan, end.taskId).spec, end, declared);
}

function stateUpdatesOf({ end, plan: { dagId } }: AcceptedEnd): readonly StateUpdate[] {
  const { runId, taskId, mapIndex, tryNumber, outcome } = end;
  const changes = outcome.kind === "success" ? (outcome.state ?? []) : [];
  return changes.map((change) => ({
    ...{ ...change, runId, taskId, mapIndex, tryNumber },
    scope: storedScope(change.scope, { dagId, taskId }),
  }));
}

/**
 * Stored in the transaction that begins the wait: a step that is done without having
 * slept would be skipped.
 */
function sleepingStepOf({ end }: AcceptedEnd): readonly SleepingStep[] {
  const { runId, taskId, mapIndex, tryNumber, outcome } = end;
  if (outcome.kind !== "asleep") return [];
  const { step: name, at, inMs } = outcome;
  return [{ runId, taskId, mapIndex, tryNumber, name, at, inMs }];
}
