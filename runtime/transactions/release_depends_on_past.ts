/** Tasks that waited for the run before theirs (depends_on_past) and may run now. */
import { resumeDependsOnPast } from "../engine/advance/depends_on_past.ts";
import type { DependsOnPastWait, LockedRun } from "../engine/store.ts";
import type { Plans } from "../store/dags/plans.ts";
import type { Database } from "../store/database/database.ts";
import { retryHeld } from "../store/database/retry_held.ts";
import { lockFreeRuns } from "../store/runs/dag_run.ts";
import { dependsOnPastMet, dependsOnPastWaitsOfDags } from "../store/waits/depends_on_past_wait.ts";
import { runEngineTransaction } from "./engine_tx.ts";

/**
 * Starts every task of these DAGs that waited for the run before and need not wait any
 * longer. Called after each transaction in which one of their tasks ended or began to
 * wait: of two transactions at the same time, the later one sees both. A run that another
 * transaction holds for seconds is left to the scheduler.
 * @returns the runs that ended with them
 */
export async function releaseDependsOnPast(
  db: Database,
  plans: Plans,
  dagIds: readonly string[],
): Promise<readonly LockedRun[]> {
  const ended: LockedRun[] = [];
  await retryHeld(dagIds, async (some) => {
    const held = await releaseFree(db, plans, some, ended);
    return held ? some : [];
  });
  return ended;
}

/**
 * @param ended gets the runs that end
 * @returns whether another transaction holds a run with a task that may start
 */
async function releaseFree(
  db: Database,
  plans: Plans,
  dagIds: readonly string[],
  ended: LockedRun[],
): Promise<boolean> {
  const held = new Set<number>();
  for (;;) {
    const ready = (await readyWaits(db, plans, dagIds)).filter(({ runId }) => !held.has(runId));
    if (ready.length === 0) return held.size > 0;
    const runIds = [...new Set(ready.map(({ runId }) => runId))];
    const done = await runEngineTransaction(db, plans, async (tx, on) => {
      const free = await lockFreeRuns(on, runIds);
      const waits = ready.filter(({ runId }) => free.has(runId));
      return { free, ended: await resumeDependsOnPast(tx, waits) };
    });
    ended.push(...done.ended);
    for (const id of runIds) if (!done.free.has(id)) held.add(id);
  }
}

/** Tasks whose previous run lets them start. */
async function readyWaits(
  db: Database,
  plans: Plans,
  dagIds: readonly string[],
): Promise<readonly DependsOnPastWait[]> {
  const waiting = await dependsOnPastWaitsOfDags(db, dagIds);
  const met = waiting.length === 0 ? [] : await dependsOnPastMet(db, plans, waiting);
  return waiting.filter((_, at) => met[at]);
}
