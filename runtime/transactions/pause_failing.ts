/**
 * Pauses DAGs that fail again and again, so that a person looks before they fail once
 * more.
 */
import type { LockedRun } from "../engine/store.ts";
import { auditAll } from "../store/access/audit.ts";
import { pauseFailingDags } from "../store/dags/failing_dags.ts";
import type { Database } from "../store/database/database.ts";

/** The actor of the pause in the audit log. */
const ACTOR = "dagsmith";

/**
 * Pauses the DAGs of runs that just ended if as many of their last runs failed as
 * `maxConsecutiveFailedDagRuns` allows.
 */
export async function pauseFailing(db: Database, ended: readonly LockedRun[]): Promise<void> {
  const limits = new Map(
    ended.map(({ plan }) => [plan.dagId, plan.spec.maxConsecutiveFailedDagRuns ?? 0]),
  );
  const limited = [...limits].flatMap(([dagId, limit]) =>
    limit > 0 ? [{ dagId, limit, reason: reasonOf(limit) }] : [],
  );
  if (limited.length === 0) return;
  await db.transaction(async (tx) => {
    const paused = await pauseFailingDags(tx, limited);
    const entries = paused.map(({ dagId, reason }) => ({ dagId, detail: { reason } }));
    await auditAll(
      tx,
      entries.map((entry) => ({ actor: ACTOR, action: "pause", ...entry })),
    );
  });
}

function reasonOf(limit: number): string {
  return limit === 1 ? "its last run failed" : `its last ${limit} runs failed`;
}
