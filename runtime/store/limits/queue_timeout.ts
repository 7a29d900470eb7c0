/**
 * Instances that waited for a worker longer than their task allows. Only runs of versions
 * with such a limit are read.
 */
import type { Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";

const RUNNING_VERSIONS: Statement = {
  name: "dag_run_running_versions",
  text: "select distinct version_id as id from dagsmith.dag_run where state = 'running'",
};

/** A task of a version that limits its time in the queue. */
export interface QueueLimit {
  readonly versionId: number;
  readonly taskId: string;
  readonly limitMs: number;
}

const LIMITS = rowsOf<QueueLimit>({
  version_id: ["bigint", (limit) => limit.versionId],
  task_id: ["text", (limit) => limit.taskId],
  limit_ms: ["float8", (limit) => limit.limitMs],
});

// A failed try waits for its retry time first, and for a worker only after it. A run that
// a frozen transaction holds is left for the next pass.
const OVERDUE: Statement = {
  name: "task_instance_overdue",
  text: `
select t.id as "instanceId", t.try_number as "tryNumber", t.lost_tries as "lostTries",
  t.run_id as "runId", t.task_id as "taskId", t.map_index as "mapIndex", v.limit_ms as "limitMs"
from ${LIMITS.as("v")}
join dagsmith.dag_run r on r.version_id = v.version_id and r.state = 'running'
join dagsmith.task_instance t on t.run_id = r.id and t.task_id = v.task_id
where t.state in ('queued', 'up_for_retry')
  and coalesce(t.retry_at, t.queued_at) < now() - v.limit_ms * interval '1 millisecond'
limit $4
for no key update of r skip locked`,
};

export interface OverdueInstance {
  readonly instanceId: number;
  readonly tryNumber: number;
  readonly lostTries: number;
  readonly runId: number;
  readonly taskId: string;
  readonly mapIndex: number;
  readonly limitMs: number;
}

/** The versions of the running runs. */
export async function runningVersions(db: Queryable): Promise<readonly number[]> {
  return (await db.query<{ id: number }>(RUNNING_VERSIONS)).map(({ id }) => id);
}

/**
 * Of runs that no other transaction holds. Locks these runs when `db` is a transaction.
 */
export function overdueInstances(
  db: Queryable,
  limits: readonly QueueLimit[],
  most: number,
): Promise<readonly OverdueInstance[]> {
  return db.query<OverdueInstance & Record<string, unknown>>(OVERDUE, [
    ...LIMITS.values(limits),
    most,
  ]);
}
