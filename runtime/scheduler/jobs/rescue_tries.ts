/**
 * What happens when a worker dies. The first job declares silent workers lost, every
 * second, unlocks the queue jobs that they held, and ends their sessions
 * (runtime/scheduler/silence.ts and runtime/store/fleet/lost_worker.ts have the rule). It
 * wakes the second job, which ends their tries as lost. The engine then queues new tries,
 * or fails the task when too many tries were lost (runtime/engine/results/try_move.ts).
 * The second job also runs every 5 s: for a worker that was declared lost by a scheduler
 * that died itself, and for runs that another transaction held.
 */

import { completeTries } from "../../engine/results/complete_tries.ts";
import type { TryEnd } from "../../engine/results/outcome.ts";
import type { Job } from "../../service/loop.ts";
import type { Plans } from "../../store/dags/plans.ts";
import type { Database } from "../../store/database/database.ts";
import { type HeldTry, lockOrphanedTries } from "../../store/fleet/held_try.ts";
import { declareLost, heartbeats, type LostWorker } from "../../store/fleet/lost_worker.ts";
import { runEngineTransaction } from "../../transactions/engine_tx.ts";
import { afterTransaction } from "../../transactions/run_ends.ts";
import { Silence } from "../silence.ts";
import { type JobContext, LEFT_MS, OFTEN_MS } from "./context.ts";

/** Tries rescued in one transaction. */
const BATCH = 500;

/** Logs each worker that it declares lost. @param onLost called when there was one */
export const findLostWorkersJob = ({ db, log }: JobContext, onLost: () => void): Job => {
  const silence = new Silence();
  return {
    name: "find_lost_workers",
    everyMs: OFTEN_MS,
    runOnce: async () => {
      const lost = await findLostWorkers(db, silence);
      for (const { id, ...found } of lost) log("worker_lost", { worker: id, ...found });
      if (lost.length > 0) onLost();
      return lost.length;
    },
  };
};

/** Looks once at all workers. @param silence what the looks before have found */
export async function findLostWorkers(
  db: Database,
  silence: Silence,
): Promise<readonly LostWorker[]> {
  return declareLost(db, silence.look(await heartbeats(db)));
}

export const rescueTriesJob = ({ db, plans }: JobContext): Job => ({
  name: "rescue_tries",
  did: "tries_rescued",
  everyMs: LEFT_MS,
  runOnce: () => rescueOrphans(db, plans),
});

/** Ends every try without a living worker as lost. @returns how many there were */
export async function rescueOrphans(db: Database, plans: Plans): Promise<number> {
  for (let rescued = 0; ; ) {
    const completed = await runEngineTransaction(db, plans, async (tx, on) =>
      completeTries(tx, (await lockOrphanedTries(on, BATCH)).map(endOfOrphan)),
    );
    await afterTransaction(db, plans, completed);
    const { accepted } = completed;
    rescued += accepted.size;
    // A try that could not be moved now would be found again at once, in an endless loop.
    if (accepted.size === 0) return rescued;
  }
}

function endOfOrphan(orphan: HeldTry): TryEnd {
  return { ...orphan, outcome: { kind: "lost", reason: `the worker died (${orphan.holder})` } };
}
