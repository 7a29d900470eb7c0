/** Cancels runs: what runs is killed and fails, what has not started is skipped. */
import { endFromOutside } from "../engine/results/callbacks.ts";
import type { EngineTx, LockedRun } from "../engine/store.ts";
import { cancel } from "../state/transition.ts";
import type { Queryable } from "../store/database/database.ts";
import { cancelRunRows } from "../store/runs/end_run.ts";

/** A locked run to be cancelled. */
export interface RunToStop {
  readonly run: LockedRun;
  readonly reason: string;
}

/** @returns those that had not ended */
export async function stopRuns<One extends RunToStop>(
  tx: EngineTx,
  on: Queryable,
  runs: readonly One[],
): Promise<readonly One[]> {
  const reasonOf = new Map(runs.map(({ run, reason }) => [run.id, reason]));
  const ids = await cancelRunRows(
    on,
    [...reasonOf].map(([id, reason]) => ({ id, reason })),
  );
  if (ids.length === 0) return [];
  const stopped = runs.filter(({ run }) => ids.includes(run.id));
  const ends = (await tx.unfinished(ids)).map((one) => ({
    was: one.state,
    transition: cancel(one, one.state, reasonOf.get(one.runId) ?? ""),
  }));
  await endFromOutside(
    tx,
    stopped.map(({ run }) => run),
    ends,
  );
  return stopped;
}
