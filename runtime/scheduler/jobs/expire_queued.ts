/** What waited too long for a worker fails, with that as its reason (`queueTimeout`). */
import { completeTries } from "../../engine/results/complete_tries.ts";
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

/** Instances ended in one transaction. */
const BATCH = 500;

/** Fails every instance that no worker took in time. @returns how many there were */
export async function expireQueued(db: Database, plans: Plans): Promise<number> {
  const limits = await queueLimits(db, plans);
  if (limits.length === 0) return 0;
  for (let expired = 0; ; ) {
    const overdue = await overdueInstances(db, limits, BATCH);
    const completed = await runEngineTransaction(db, plans, (tx) =>
      completeTries(tx, overdue.map(expiryOf)),
    );
    await afterTransaction(db, plans, completed);
    expired += completed.accepted.size;
    if (overdue.length < BATCH || completed.accepted.size === 0) return expired;
  }
}

async function queueLimits(db: Database, plans: Plans): Promise<readonly QueueLimit[]> {
  const versions = await plans.get(db, await runningVersions(db));
  return [...versions].flatMap(([versionId, { spec }]) =>
    spec.tasks.flatMap(({ taskId, queueTimeoutMs: limitMs }) =>
      limitMs === undefined ? [] : [{ versionId, taskId, limitMs }],
    ),
  );
}

function expiryOf({ limitMs, ...instance }: OverdueInstance) {
  const reason = `no worker took it within the queueTimeout of ${limitMs / 1_000} s`;
  return { ...instance, workerId: "", outcome: { kind: "expired", reason } as const };
}
