/** The end of instances that no place can ever be given to: they fail, with the reason, and their runs go on from there. */
import { DagsmithError } from "../../sdk/errors.ts";
import { refuse, type TryRef } from "../state/task_state.ts";
import type { TooSmall } from "./admission.ts";
import { Advance } from "./advance.ts";
import type { EngineTx } from "./store.ts";

/** Ends instances whose pool has fewer slots than one try of them needs. @returns how many were still there to be ended */
export async function refuseAll(tx: EngineTx, refused: readonly (TryRef & TooSmall & { readonly runId: number })[]): Promise<number> {
  const runs = await tx.lockRuns([...new Set(refused.map(({ runId }) => runId))]);
  const moved = await tx.apply(
    refused.map((one) => {
      const { name, message } = new DagsmithError("POOL_TOO_SMALL", { pool: one.pool, slots: one.slots, needed: one.needed });
      return refuse(one, "POOL_TOO_SMALL", { name, message, stack: "" });
    }),
  );
  const running = runs.filter(({ state }) => state === "running");
  const advance = new Advance(tx, running);
  await advance.follow(
    moved
      .filter(({ runId }) => running.some(({ id }) => id === runId))
      .map(({ runId, taskId, mapIndex }) => ({ runId, taskId, mapIndex, state: "failed" as const })),
  );
  await advance.commit();
  return moved.length;
}
