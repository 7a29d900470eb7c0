/** The end of instances that no place can ever be given to: they fail, with the reason, and their runs go on from there. */
import { DagsmithError } from "../../../sdk/errors.ts";
import type { TryRef } from "../../state/task_state.ts";
import { refuse, type Transition } from "../../state/transition.ts";
import type { TooSmall } from "../limits/admission.ts";
import { callbacksOf } from "../results/callbacks.ts";
import type { EngineTx, LockedRun, MovedInstance } from "../store.ts";
import { Advance } from "./advance.ts";

/** Ends instances whose pool has fewer slots than one try of them needs. @returns how many were still there to be ended */
export async function refuseAll(
  tx: EngineTx,
  refused: readonly (TryRef & TooSmall & { readonly runId: number })[],
): Promise<number> {
  const runs = await tx.lockRuns([...new Set(refused.map(({ runId }) => runId))]);
  const refusals = refused.map((one) => {
    const { name, message } = new DagsmithError("POOL_TOO_SMALL", {
      pool: one.pool,
      slots: one.slots,
      needed: one.needed,
    });
    return refuse(one, "POOL_TOO_SMALL", { name, message, stack: "" });
  });
  const moved = await tx.apply(refusals);
  await callBack(tx, runs, refusals, moved);
  const running = runs.filter(({ state }) => state === "running");
  const advance = new Advance(tx, running);
  await advance.follow(
    moved
      .filter(({ runId }) => running.some(({ id }) => id === runId))
      .map(({ runId, taskId, mapIndex }) => ({
        runId,
        taskId,
        mapIndex,
        state: "failed" as const,
      })),
  );
  await advance.commit();
  return moved.length;
}

/** The task failed by its own fault, begun or not. */
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
  if (callbacks.length > 0) await tx.queueCallbacks(callbacks);
}
