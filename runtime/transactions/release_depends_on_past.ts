/** Tasks that waited for the run before theirs (depends_on_past) and may run now. */
import { resumeDependsOnPast } from "../engine/advance/depends_on_past.ts";
import type { LockedRun } from "../engine/store.ts";
import type { Plans } from "../store/dags/plans.ts";
import type { Database } from "../store/database/database.ts";
import { dependsOnPastMet, dependsOnPastWaitsOfDags } from "../store/waits/depends_on_past_wait.ts";
import { runEngineTransaction } from "./engine_tx.ts";

/**
 * Starts every task of these DAGs that waited for the run before and need not wait any
 * longer. Called after each transaction in which one of their tasks ended or began to
 * wait: of two transactions at the same time, the later one sees both.
 * @returns the runs that ended with them
 */
export async function releaseDependsOnPast(
  db: Database,
  plans: Plans,
  dagIds: readonly string[],
): Promise<readonly LockedRun[]> {
  const ended: LockedRun[] = [];
  for (;;) {
    const waiting = await dependsOnPastWaitsOfDags(db, dagIds);
    const met = waiting.length === 0 ? [] : await dependsOnPastMet(db, plans, waiting);
    const free = waiting.filter((_, at) => met[at]);
    if (free.length === 0) return ended;
    ended.push(...(await runEngineTransaction(db, plans, (tx) => resumeDependsOnPast(tx, free))));
  }
}
