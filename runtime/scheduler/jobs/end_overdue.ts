/**
 * Fails runs that took longer than the `dagRunTimeout` of their DAG: running tries are
 * killed, unfinished tasks are skipped. Every second.
 */

import { endFromOutside } from "../../engine/results/callbacks.ts";
import type { Job } from "../../service/loop.ts";
import { timeOut } from "../../state/transition.ts";
import type { Plans } from "../../store/dags/plans.ts";
import type { Database } from "../../store/database/database.ts";
import { endRun, overdueRuns } from "../../store/runs/dag_run.ts";
import { grantSlots, runEngineTransaction } from "../../transactions/engine_tx.ts";
import { pauseFailing } from "../../transactions/pause_failing.ts";
import { afterChange } from "../../transactions/run_ends.ts";
import { type JobContext, OFTEN_MS } from "./context.ts";

/** Runs ended in one pass; the next pass finds the others. */
const BATCH = 100;

/** Ends every run that is overdue. @returns how many there were */
export async function endOverdueRuns(db: Database, plans: Plans): Promise<number> {
  const overdue = await overdueRuns(db, BATCH);
  let ended = 0;
  for (const run of overdue) if (await endOne(db, plans, run)) ended += 1;
  return ended;
}

export const endOverdueJob = ({ db, plans }: JobContext): Job => ({
  name: "end_overdue",
  did: "runs timed out",
  everyMs: OFTEN_MS,
  runOnce: () => endOverdueRuns(db, plans),
});

type Overdue = Awaited<ReturnType<typeof overdueRuns>>[number];

async function endOne(
  db: Database,
  plans: Plans,
  { id, dagId, allowedMs }: Overdue,
): Promise<boolean> {
  const reason = `timed out: it took longer than its dagRunTimeout of ${allowedMs / 1_000} s`;
  const runs = await runEngineTransaction(db, plans, async (tx, on) => {
    const locked = await tx.lockRuns([id]);
    // Another scheduler, or the run's last task, may have ended it meanwhile.
    if (!(await endRun(on, id, reason))) return [];
    const unfinished = await tx.unfinished(id);
    const ends = unfinished.map((one) => ({ was: one.state, transition: timeOut(one, reason) }));
    for (const { plan } of locked) await endFromOutside(tx, plan, ends);
    return locked;
  });
  if (runs.length === 0) return false;
  await pauseFailing(db, runs);
  await afterChange(db, plans, [dagId]);
  await grantSlots(db, plans);
  return true;
}
