/** Runs that took longer than their DAG allows: they fail, and what of them has not ended is skipped; what runs is killed. */
import { timeOut } from "../state/task_state.ts";
import { endRun, lockRuns, overdueRuns } from "../store/dag_run.ts";
import type { Database } from "../store/database.ts";
import { givePlaces, withPlans } from "../store/engine_tx.ts";
import { pauseFailing } from "../store/pause_failing.ts";
import type { Plans } from "../store/plans.ts";
import { afterChange } from "../store/run_ends.ts";
import { applyTransitions, unfinishedInstances } from "../store/task_instance.ts";

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

async function endOne(db: Database, plans: Plans, { id, dagId, allowedMs }: Overdue): Promise<boolean> {
  const reason = `timed out: it took longer than its dagrunTimeout of ${allowedMs / 1_000} s`;
  const runs = await db.transaction(async (tx) => {
    const locked = await withPlans(tx, plans, await lockRuns(tx, [id]));
    // Of several schedulers the first one ends it; and its last task may have ended it meanwhile.
    if (!(await endRun(tx, id, reason))) return [];
    const unfinished = await unfinishedInstances(tx, id);
    await applyTransitions(
      tx,
      unfinished.map((instance) => timeOut(instance, reason)),
    );
    return locked;
  });
  if (runs.length === 0) return false;
  await pauseFailing(db, runs);
  await afterChange(db, plans, [dagId]);
  await givePlaces(db, plans);
  return true;
}
