/**
 * What happens when a worker dies. The first job declares silent workers lost, every
 * second, and unlocks the queue jobs that they held (runtime/store/fleet/worker.ts has
 * the rule). It wakes the second job, which ends their tries as lost. The engine then
 * queues new tries, or fails the task when too many tries were lost
 * (runtime/engine/results/try_move.ts). The second job also runs every 30 s, for a worker
 * that was declared lost by a scheduler that died itself.
 */

import { completeTries } from "../../engine/results/complete_tries.ts";
import type { Job } from "../../service/loop.ts";
import type { Plans } from "../../store/dags/plans.ts";
import type { Database } from "../../store/database/database.ts";
import { declareLost, orphanedTries } from "../../store/fleet/worker.ts";
import { runEngineTransaction } from "../../transactions/engine_tx.ts";
import { afterTransaction } from "../../transactions/run_ends.ts";
import { type JobContext, OFTEN_MS, SELDOM_MS } from "./context.ts";

/** Tries rescued in one transaction. */
const BATCH = 500;

/** Logs each worker that it declares lost. @param onLost called when there was one */
export const findLostWorkersJob = ({ db, log }: JobContext, onLost: () => void): Job => ({
  name: "find_lost_workers",
  everyMs: OFTEN_MS,
  runOnce: async () => {
    const lost = await declareLost(db);
    for (const worker of lost) log("worker lost", worker);
    if (lost.length > 0) onLost();
    return lost.length;
  },
});

export const rescueTriesJob = ({ db, plans }: JobContext): Job => ({
  name: "rescue_tries",
  did: "tries rescued",
  everyMs: SELDOM_MS,
  runOnce: () => rescueOrphans(db, plans),
});

/** Ends every try without a living worker as lost. @returns how many there were */
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
    // A try that could not be moved now would be found again at once, in an endless loop.
    if (accepted.size === 0) return rescued;
  }
}
