/** Runs that took longer than their DAG allows: they fail, and what of them has not ended is skipped; what runs is killed. */
import { endFromOutside } from "../../engine/results/callbacks.ts";
import { timeOut } from "../../state/transition.ts";
import type { Plans } from "../../store/dags/plans.ts";
import type { Database } from "../../store/database/database.ts";
import { endRun, overdueRuns } from "../../store/runs/dag_run.ts";
import { grantSlots, runEngineTransaction } from "../../transactions/engine_tx.ts";
import { pauseFailing } from "../../transactions/pause_failing.ts";
import { afterChange } from "../../transactions/run_ends.ts";

/** Runs ended before the tick goes on; the next one finds the others. */
const BATCH = 100;

/** Ends every run that is overdue. @returns how many there were */
export async function endOverdueRuns(db: Database, plans: Plans): Promise<number> {
  const overdue = await overdueRuns(db, BATCH);
  let ended = 0;
  for (const run of overdue) if (await endOne(db, plans, run)) ended += 1;
  return ended;
}

type Overdue = Awaited<ReturnType<typeof overdueRuns>>[number];

async function endOne(
  db: Database,
  plans: Plans,
  { id, dagId, allowedMs }: Overdue,
): Promise<boolean> {
  const reason = `timed out: it took longer than its dagRunTimeout of ${allowedMs / 1_000} s`;
  const runs = await runEngineTransaction(db, plans, async (tx, on) => {
    const locked = await tx.lockRuns([id]);
    // Of several schedulers the first one ends it; and its last task may have ended it meanwhile.
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
