/** Fails instances that can never be granted their slots; their runs go on. */

import { DagsmithError } from "../../../sdk/errors.ts";
import { storedError } from "../../state/stored_error.ts";
import type { TryRef } from "../../state/task_state.ts";
import { refuse, type Transition } from "../../state/transition.ts";
import { finished } from "../counts/run_event.ts";
import type { TooSmall } from "../limits/admission.ts";
import { callbacksOf } from "../results/callbacks.ts";
import type { EngineTx, LockedRun, MovedInstance } from "../store.ts";
import { propagate } from "./propagate.ts";
import { RunView } from "./run_view.ts";

/**
 * Fails instances whose pool has fewer slots than one try of them needs.
 * @returns how many had not ended or started meanwhile
 */
export async function refuseAll(
  tx: EngineTx,
  refused: readonly (TryRef & TooSmall & { readonly runId: number })[],
): Promise<number> {
  const runs = await tx.lockRuns([...new Set(refused.map(({ runId }) => runId))]);
  const refusals = refused.map((one) => {
    const error = new DagsmithError("POOL_TOO_SMALL", {
      pool: one.pool,
      slots: one.slots,
      needed: one.needed,
    });
    return refuse(one, error.code, storedError(error));
  });
  const moved = await tx.apply(refusals);
  await callBack(tx, runs, refusals, moved);
  const running = runs.filter(({ state }) => state === "running");
  const view = new RunView(tx, running);
  const ends = moved
    .filter(({ runId }) => running.some(({ id }) => id === runId))
    .map(({ runId, taskId, mapIndex }) => finished({ runId, taskId, mapIndex }, "failed"));
  await propagate(view, ends);
  await view.save();
  return moved.length;
}

/**
 * Such a failure is the task's own fault: its callbacks run whether or not a try started.
 */
async function callBack(
  tx: EngineTx,
  runs: readonly LockedRun[],
  refusals: readonly Transition[],
  moved: readonly MovedInstance[],
): Promise<void> {
  const plans = new Map(runs.map(({ id, plan }) => [id, plan]));
  const refusalOf = new Map(refusals.map((one) => [one.instanceId, one]));
  const callbacks = moved.flatMap(({ id, runId, taskId }) => {
    const refusal = refusalOf.get(id);
    return refusal ? callbacksOf(plans.get(runId)?.tasks.get(taskId)?.spec, runId, refusal) : [];
  });
  await tx.storeResults({ callbacks });
}
