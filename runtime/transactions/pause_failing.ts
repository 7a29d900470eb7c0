/** A DAG that fails again and again is paused, with the reason, so that somebody looks before it fails once more. */
import type { LockedRun } from "../engine/store.ts";
import { audit } from "../store/access/audit.ts";
import type { Database, Statement } from "../store/database/database.ts";

/** Who pauses, in the audit. */
const ACTOR = "dagsmith";

// By the index on (dag_id, id desc): as many rows as are asked for, and the active runs before them.
const PAUSE: Statement = {
  name: "dag_pause_failing",
  text: `
update dagsmith.dag d set is_paused = true, pause_reason = $3, paused_at = now()
where d.dag_id = $1 and not d.is_paused and d.removed_at is null
  and $2 = (
    select count(*) filter (where last.state = 'failed') from (
      select r.state from dagsmith.dag_run r
      where r.dag_id = $1 and r.state in ('success', 'failed') order by r.id desc limit $2
    ) last
  )
returning d.dag_id`,
};

/** Pauses the DAGs of runs that just ended, where as many of their last runs failed as they allow. */
export async function pauseFailing(db: Database, ended: readonly LockedRun[]): Promise<void> {
  const limits = new Map(
    ended.map(({ plan }) => [plan.dagId, plan.spec.maxConsecutiveFailedDagRuns ?? 0]),
  );
  for (const [dagId, limit] of limits) if (limit > 0) await pauseAfter(db, dagId, limit);
}

function pauseAfter(db: Database, dagId: string, limit: number): Promise<void> {
  const reason = limit === 1 ? "its last run failed" : `its last ${limit} runs failed`;
  return db.transaction(async (tx) => {
    const [paused] = await tx.query(PAUSE, [dagId, limit, reason]);
    if (paused) await audit(tx, { actor: ACTOR, action: "pause", dagId, detail: { reason } });
  });
}
