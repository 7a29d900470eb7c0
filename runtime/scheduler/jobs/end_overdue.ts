/**
 * Fails runs that took longer than the `dagRunTimeout` of their DAG: tasks that run are
 * killed, tasks that have not ended are skipped. Every second.
 */

import { endFromOutside } from "../../engine/results/callbacks.ts";
import type { EngineTx, LockedRun } from "../../engine/store.ts";
import type { Job } from "../../service/loop.ts";
import { timeOut } from "../../state/transition.ts";
import type { Plans } from "../../store/dags/plans.ts";
import type { Database, Queryable } from "../../store/database/database.ts";
import { type OverdueRun, overdueRuns, timeOutRuns } from "../../store/runs/end_run.ts";
import { grantSlots, runEngineTransaction } from "../../transactions/engine_tx.ts";
import { pauseFailing } from "../../transactions/pause_failing.ts";
import { afterChange } from "../../transactions/run_ends.ts";
import { type JobContext, OFTEN_MS } from "./context.ts";

/** Runs ended in one transaction; the next pass finds the others. */
const BATCH = 50;

export const endOverdueJob = ({ db, plans }: JobContext): Job => ({
  name: "end_overdue",
  did: "runs_timed_out",
  everyMs: OFTEN_MS,
  runOnce: () => endOverdueRuns(db, plans),
});

/** Ends every run that is overdue. @returns how many there were */
export async function endOverdueRuns(db: Database, plans: Plans): Promise<number> {
  // Nearly always there is none, and no transaction is needed to see that.
  if ((await overdueRuns(db, 1)).length === 0) return 0;
  const ended = await runEngineTransaction(db, plans, async (tx, on) =>
    endAll(tx, on, await overdueRuns(on, BATCH)),
  );
  if (ended.length === 0) return 0;
  await pauseFailing(db, ended);
  await afterChange(db, plans, [...new Set(ended.map(({ plan }) => plan.dagId))]);
  await grantSlots(db, plans);
  return ended.length;
}

/**
 * A run may have ended meanwhile, by its last task or by another scheduler: its guard
 * refuses.
 * @returns the runs that ended here
 */
async function endAll(
  tx: EngineTx,
  on: Queryable,
  overdue: readonly OverdueRun[],
): Promise<readonly LockedRun[]> {
  const reasonOf = new Map(overdue.map((run) => [run.id, reason(run)]));
  const locked = await tx.lockRuns([...reasonOf.keys()]);
  const ended = new Set(
    await timeOutRuns(
      on,
      [...reasonOf].map(([id, reason]) => ({ id, reason })),
    ),
  );
  const ends = (await tx.unfinished([...ended])).map((one) => ({
    was: one.state,
    transition: timeOut(one, reasonOf.get(one.runId) ?? ""),
  }));
  await endFromOutside(tx, locked, ends);
  return locked.filter(({ id }) => ended.has(id));
}

function reason({ allowedMs }: OverdueRun): string {
  return `timed out: it took longer than its dagRunTimeout of ${allowedMs / 1_000} s`;
}
