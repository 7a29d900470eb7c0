/** What happens to the work of dead workers: their tries are lost, visibly, and the same work is queued again as new tries. */
import { completeTries } from "../../engine/results/complete_tries.ts";
import type { Plans } from "../../store/dags/plans.ts";
import type { Database } from "../../store/database/database.ts";
import { orphanedTries } from "../../store/fleet/worker.ts";
import { runEngineTransaction } from "../../transactions/engine_tx.ts";
import { afterTransaction } from "../../transactions/run_ends.ts";

/** Tries rescued in one transaction. */
const BATCH = 500;

/** Gives every try without a living worker to the others. @returns how many there were */
export async function rescueOrphans(db: Database, plans: Plans): Promise<number> {
  for (let rescued = 0; ; ) {
    const orphans = await orphanedTries(db, BATCH);
    if (orphans.length === 0) return rescued;
    const ends = orphans.map((orphan) => ({
      ...orphan,
      outcome: { kind: "lost", reason: `the worker died (${orphan.holder})` } as const,
    }));
    const completed = await runEngineTransaction(db, plans, (tx) => completeTries(tx, ends));
    await afterTransaction(db, plans, completed);
    const { accepted } = completed;
    rescued += accepted.size;
    // What could not be moved now would be found again at once, for ever.
    if (accepted.size === 0) return rescued;
  }
}
