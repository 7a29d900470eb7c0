/** Which DAGs may start further runs. */
import type { Queryable, Statement } from "../database/database.ts";
import type { DagRow } from "./dag.ts";

const WITH_QUEUED_RUNS: Statement = {
  name: "dag_with_queued_runs",
  text: `
select d.dag_id as "dagId" from dagsmith.dag d
where d.dag_id = any($1) and d.version_id is not null and (d.at_capacity or exists (
    select from dagsmith.dag_run r where r.dag_id = d.dag_id and r.state = 'queued'))`,
};

// A DAG that a frozen transaction holds must not hold up the runs of other DAGs.
const LOCK: Statement = {
  name: "dag_lock",
  text: `
select dag_id as "dagId", version_id as "versionId", is_paused as "isPaused" from dagsmith.dag
where dag_id = any($1) and version_id is not null
order by dag_id for no key update skip locked`,
};

const FREE: Statement = {
  name: "dag_free_capacity",
  text: "update dagsmith.dag set at_capacity = false where dag_id = any($1) and at_capacity",
};

/** Those of these deployed DAGs that have queued runs, or whose schedules wait for capacity. */
export async function dagsWithQueuedRuns(
  db: Queryable,
  dagIds: readonly string[],
): Promise<readonly string[]> {
  const rows = await db.query<{ dagId: string }>(WITH_QUEUED_RUNS, [dagIds]);
  return rows.map(({ dagId }) => dagId);
}

/** Locks deployed DAGs that no other transaction holds. */
export function lockFreeDags(tx: Queryable, dagIds: readonly string[]): Promise<readonly DagRow[]> {
  return tx.query<DagRow & Record<string, unknown>>(LOCK, [dagIds]);
}

/** The schedules of these DAGs need not wait for capacity any more. */
export async function markFree(tx: Queryable, dagIds: readonly string[]): Promise<void> {
  if (dagIds.length > 0) await tx.query(FREE, [dagIds]);
}
