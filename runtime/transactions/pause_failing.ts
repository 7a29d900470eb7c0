/**
 * Pauses DAGs that fail again and again, so that a person looks before they fail once
 * more.
 */
import type { LockedRun } from "../engine/store.ts";
import { auditAll } from "../store/access/audit.ts";
import {
  dagsThatMayFail,
  failingDags,
  type LimitedDag,
  pauseFailingDags,
} from "../store/dags/failing_dags.ts";
import type { Database } from "../store/database/database.ts";
import { retryHeld } from "../store/database/retry_held.ts";

/** The actor of the pause in the audit log. */
const ACTOR = "dagsmith";

/**
 * Pauses the DAGs of runs that just ended if as many of their last runs failed as
 * `maxConsecutiveFailedDagRuns` allows. A DAG that another transaction holds for seconds
 * is left to the scheduler.
 */
export async function pauseFailing(db: Database, ended: readonly LockedRun[]): Promise<void> {
  const limits = new Map(
    ended.map(({ plan }) => [plan.dagId, plan.spec.maxConsecutiveFailedDagRuns ?? 0]),
  );
  await pauseLimited(
    db,
    [...limits].map(([dagId, limit]) => ({ dagId, limit })),
  );
}

/** The same for runs whose process died, or met a locked DAG. @returns how many DAGs */
export async function pauseLeftOver(db: Database): Promise<number> {
  return pauseLimited(db, await dagsThatMayFail(db));
}

async function pauseLimited(
  db: Database,
  dags: readonly Pick<LimitedDag, "dagId" | "limit">[],
): Promise<number> {
  const limited = dags.flatMap(({ dagId, limit }) =>
    limit > 0 ? [{ dagId, limit, reason: reasonOf(limit) }] : [],
  );
  if (limited.length === 0) return 0;
  let count = 0;
  await retryHeld(limited, async (some) => {
    const failing = await failingDags(db, some);
    if (failing.length === 0) return [];
    const paused = new Set(await pauseFree(db, failing));
    count += paused.size;
    return failing.filter(({ dagId }) => !paused.has(dagId));
  });
  return count;
}

/** @returns the DAGs that it paused */
function pauseFree(db: Database, failing: readonly LimitedDag[]): Promise<readonly string[]> {
  return db.transaction(async (tx) => {
    const paused = await pauseFailingDags(tx, failing);
    await auditAll(
      tx,
      paused.map(({ dagId, reason }) => ({
        ...({ actor: ACTOR, action: "pause", dagId } as const),
        ...{ detail: { reason }, before: { paused: false }, after: { paused: true } },
      })),
    );
    return paused.map(({ dagId }) => dagId);
  });
}

function reasonOf(limit: number): string {
  return limit === 1 ? "its last run failed" : `its last ${limit} runs failed`;
}
