/** The tasks of one run as people ask for them: one row a task however many instances it has, or the instances of one task. */
import type { StoredError, TaskState } from "../../state/task_state.ts";
import type { Queryable, Statement } from "../database/database.ts";

/** All instances of one task of a run. */
export interface TaskSummary {
  readonly taskId: string;
  readonly isMapped: boolean;
  readonly instances: number;
  readonly success: number;
  readonly failed: number;
  readonly skipped: number;
  readonly running: number;
  /** The state furthest from the end, and of ended ones the worst. */
  readonly state: TaskState;
  readonly tryNumber: number;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  /** Of the first instance that has one. */
  readonly reason: string | null;
  readonly error: StoredError | null;
}

const SUMMARY: Statement = {
  name: "task_summary",
  text: `
select task_id as "taskId", bool_or(map_index >= 0) as "isMapped", count(*) filter (where state not in ('none', 'removed'))::int as instances,
  count(*) filter (where state = 'success')::int as success,
  count(*) filter (where state in ('failed', 'upstream_failed'))::int as failed,
  count(*) filter (where state in ('skipped', 'removed'))::int as skipped,
  count(*) filter (where state = 'running')::int as running,
  (array_agg(state order by array_position(
    array['running', 'up_for_retry', 'up_for_reschedule', 'deferred', 'queued', 'scheduled', 'failed', 'upstream_failed', 'skipped', 'success', 'removed'], state)))[1] as state,
  max(try_number) as "tryNumber", min(started_at) as "startedAt",
  case when bool_and(finished_at is not null) then max(finished_at) end as "finishedAt",
  (array_agg(reason order by map_index) filter (where reason is not null))[1] as reason,
  (array_agg(error order by map_index) filter (where error is not null))[1] as error
from dagsmith.task_instance where run_id = $1 group by task_id`,
};

/** One instance, and its current try. */
export interface InstanceSummary {
  readonly id: number;
  readonly taskId: string;
  readonly mapIndex: number;
  /** What the task calls it. */
  readonly label: string | null;
  readonly state: TaskState;
  readonly tryNumber: number;
  readonly workerId: string | null;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly retryAt: Date | null;
  readonly reason: string | null;
  readonly error: StoredError | null;
}

const INSTANCE_COLUMNS = `
select id, task_id as "taskId", map_index as "mapIndex", label, state, try_number as "tryNumber", worker_id as "workerId",
  started_at as "startedAt", finished_at as "finishedAt", retry_at as "retryAt", reason, error
from dagsmith.task_instance`;

const INSTANCES: Statement = {
  name: "task_instances_of",
  text: `${INSTANCE_COLUMNS} where run_id = $1 and task_id = $2 order by map_index limit $3`,
};
const INSTANCE: Statement = {
  name: "task_instance_one",
  text: `${INSTANCE_COLUMNS} where run_id = $1 and task_id = $2 and map_index = $3`,
};

/** One row for each task that has an instance; a task whose turn has not come has none. */
export function summariseTasks(db: Queryable, runId: number): Promise<readonly TaskSummary[]> {
  return db.query<TaskSummary>(SUMMARY, [runId]);
}

/** In map order. */
export function listInstances(
  db: Queryable,
  runId: number,
  taskId: string,
  limit: number,
): Promise<readonly InstanceSummary[]> {
  return db.query<InstanceSummary>(INSTANCES, [runId, taskId, limit]);
}

/** @param mapIndex -1 for a task that is not mapped */
export async function findInstance(
  db: Queryable,
  runId: number,
  taskId: string,
  mapIndex: number,
): Promise<InstanceSummary | undefined> {
  return (await db.query<InstanceSummary>(INSTANCE, [runId, taskId, mapIndex]))[0];
}
