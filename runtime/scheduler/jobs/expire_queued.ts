/**
 * Fails the instances that waited for a worker longer than their `queueTimeout`. Every 5
 * s: these time-outs are minutes and hours, and the search reads all queued instances.
 */

import { completeTries } from "../../engine/results/complete_tries.ts";
import type { Job } from "../../service/loop.ts";
import type { Plans } from "../../store/dags/plans.ts";
import type { Database } from "../../store/database/database.ts";
import {
  type OverdueInstance,
  overdueInstances,
  type QueueLimit,
  runningVersions,
} from "../../store/limits/queue_timeout.ts";
import { runEngineTransaction } from "../../transactions/engine_tx.ts";
import { afterTransaction } from "../../transactions/run_ends.ts";
import type { JobContext } from "./context.ts";

/** Instances ended in one transaction. */
const BATCH = 500;

const EVERY_MS = 5_000;

/** Fails every instance that no worker took in time. @returns how many there were */
async function expireQueued(db: Database, plans: Plans): Promise<number> {
  const limits = await queueLimits(db, plans);
  if (limits.length === 0) return 0;
  for (let expired = 0; ; ) {
    const completed = await runEngineTransaction(db, plans, async (tx, on) =>
      completeTries(tx, (await overdueInstances(on, limits, BATCH)).map(expiryOf)),
    );
    await afterTransaction(db, plans, completed);
    expired += completed.accepted.size;
    if (completed.accepted.size < BATCH) return expired;
  }
}

export const expireQueuedJob = ({ db, plans }: JobContext): Job => ({
  name: "expire_queued",
  did: "tasks_expired",
  everyMs: EVERY_MS,
  runOnce: () => expireQueued(db, plans),
});

async function queueLimits(db: Database, plans: Plans): Promise<readonly QueueLimit[]> {
  const versions = await plans.get(db, await runningVersions(db));
  return [...versions].flatMap(([versionId, { spec }]) =>
    spec.tasks.flatMap(({ taskId, queueTimeoutMs: limitMs }) =>
      limitMs === undefined ? [] : [{ versionId, taskId, limitMs }],
    ),
  );
}

function expiryOf({ limitMs, ...instance }: OverdueInstance) {
  const reason = `no worker took it within its queueTimeout of ${limitMs / 1_000} s`;
  return { ...instance, workerId: "", outcome: { kind: "expired", reason } as const };
}
