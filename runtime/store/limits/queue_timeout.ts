/** Instances that no worker has taken for longer than their task allows. Only runs of versions that set a limit are looked into. */

import type { Queryable, Statement } from "../database/database.ts";
import { columns } from "../database/unnest.ts";

const RUNNING_VERSIONS: Statement = {
  name: "dag_run_running_versions",
  text: "select distinct version_id as id from dagsmith.dag_run where state = 'running'",
};

// A try that failed waits for its time first; only then for a worker.
const OVERDUE: Statement = {
  name: "task_instance_overdue",
  text: `
select t.id as "instanceId", t.try_number as "tryNumber", t.lost_tries as "lostTries", t.run_id as "runId", t.task_id as "taskId",
  t.map_index as "mapIndex", v.limit_ms as "limitMs"
from unnest($1::bigint[], $2::text[], $3::float8[]) as v (version_id, task_id, limit_ms)
join dagsmith.dag_run r on r.version_id = v.version_id and r.state = 'running'
join dagsmith.task_instance t on t.run_id = r.id and t.task_id = v.task_id
where t.state in ('queued', 'up_for_retry') and coalesce(t.retry_at, t.queued_at) < now() - v.limit_ms * interval '1 millisecond'
limit $4`,
};

/** A task of a version that limits its time in the queue. */
export interface QueueLimit {
  readonly versionId: number;
  readonly taskId: string;
  readonly limitMs: number;
}

export interface OverdueInstance {
  readonly instanceId: number;
  readonly tryNumber: number;
  readonly lostTries: number;
  readonly runId: number;
  readonly taskId: string;
  readonly mapIndex: number;
  readonly limitMs: number;
}

/** The versions that runs in progress have. */
export async function runningVersions(db: Queryable): Promise<readonly number[]> {
  return (await db.query<{ id: number }>(RUNNING_VERSIONS)).map(({ id }) => id);
}

export function overdueInstances(
  db: Queryable,
  limits: readonly QueueLimit[],
  most: number,
): Promise<readonly OverdueInstance[]> {
  return db.query<OverdueInstance & Record<string, unknown>>(OVERDUE, [
    ...columns(limits, (one) => [one.versionId, one.taskId, one.limitMs]),
    most,
  ]);
}
