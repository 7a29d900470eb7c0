/** One task of one run as its page shows it: instances (100 at a time, those in trouble first), tries, and what it left for others. */
import type { StoredError, TaskState } from "../../state/task_state.ts";
import type { Queryable, Statement } from "../database/database.ts";

/** Instances on one page. */
export const INSTANCES_PER_PAGE = 100;

/** Largest part of a value that a page shows, in characters. */
const SHOWN_VALUE = 20_000;

export interface InstanceRow {
  readonly id: number;
  readonly mapIndex: number;
  /** What the task calls it. */
  readonly label: string | null;
  readonly state: TaskState;
  readonly tryNumber: number;
  readonly workerId: string | null;
  readonly queuedAt: Date | null;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly retryAt: Date | null;
  readonly reason: string | null;
  readonly error: StoredError | null;
  /** JSON text of the mapped element, cut at 200 characters; null when not mapped. */
  readonly item: string | null;
  /** Place of its state in the order of the list. */
  readonly rank: number;
}

const INSTANCE = `id, map_index as "mapIndex", label, state, try_number as "tryNumber", worker_id as "workerId", queued_at as "queuedAt",
  started_at as "startedAt", finished_at as "finishedAt", retry_at as "retryAt", reason, error, left(item::text, 200) as item`;

const RANK = `array_position(array['failed', 'upstream_failed', 'running', 'up_for_retry', 'up_for_reschedule', 'deferred', 'queued', 'scheduled', 'none', 'skipped', 'removed', 'success'], state)`;

const INSTANCES: Statement = {
  name: "page_tasks_instances",
  text: `
select ${INSTANCE}, rank from (
  select *, ${RANK} as rank from dagsmith.task_instance
  where run_id = $1 and task_id = $2 and map_index >= 0 and ($6::text is null or state = $6)
) t where (rank, map_index) > ($3, $4) order by rank, map_index limit $5`,
};

const INSTANCE_AT: Statement = {
  name: "page_tasks_instance",
  text: `select ${INSTANCE}, ${RANK} as rank from dagsmith.task_instance where run_id = $1 and task_id = $2 and map_index = $3`,
};

const AT: Statement = {
  name: "page_tasks_at",
  text: `
select task_id as "taskId", state, try_number as "tryNumber", started_at as "startedAt", finished_at as "finishedAt"
from dagsmith.task_instance where run_id = $1 and task_id = any($2) and map_index = $3`,
};

const BY_ID: Statement = {
  name: "page_tasks_by_id",
  text: `select run_id as "runId", task_id as "taskId", map_index as "mapIndex" from dagsmith.task_instance where id = $1`,
};

const TRIES: Statement = {
  name: "page_tasks_tries",
  text: `
select try_number as "tryNumber", state, worker_id as "workerId", started_at as "startedAt", finished_at as "finishedAt", reason, error
from dagsmith.task_try where task_instance_id = $1 order by try_number desc limit 200`,
};

const XCOMS: Statement = {
  name: "page_tasks_xcoms",
  text: `
select x.key, coalesce(left(x.value::text, ${SHOWN_VALUE}), '') as value, coalesce(octet_length(x.value::text), f.bytes, 0) as bytes
from dagsmith.xcom x left join dagsmith.xcom_file f on f.name = x.file
where x.run_id = $1 and x.task_id = $2 and x.map_index = $3 order by x.key limit 100`,
};

/** Where in the list a page begins. */
export interface InstanceCursor {
  readonly rank: number;
  readonly mapIndex: number;
}

/** Instances of a mapped task: failed and running ones first, then by map index. */
export function listInstances(
  db: Queryable,
  query: {
    readonly runId: number;
    readonly taskId: string;
    readonly after: InstanceCursor;
    readonly state: TaskState | null;
  },
): Promise<readonly InstanceRow[]> {
  const { runId, taskId, after, state } = query;
  return db.query<InstanceRow & Record<string, unknown>>(INSTANCES, [
    runId,
    taskId,
    after.rank,
    after.mapIndex,
    INSTANCES_PER_PAGE,
    state,
  ]);
}

/** @param mapIndex -1 for a task that is not mapped */
export async function getInstance(
  db: Queryable,
  runId: number,
  taskId: string,
  mapIndex: number,
): Promise<InstanceRow | undefined> {
  const [row] = await db.query<InstanceRow & Record<string, unknown>>(INSTANCE_AT, [
    runId,
    taskId,
    mapIndex,
  ]);
  return row;
}

/** The instance of each of several tasks at one map index; those without one are missing. */
export function instancesAt(
  db: Queryable,
  runId: number,
  taskIds: readonly string[],
  mapIndex: number,
): Promise<
  readonly (Pick<InstanceRow, "state" | "tryNumber" | "startedAt" | "finishedAt"> & {
    readonly taskId: string;
  })[]
> {
  return db.query<
    Pick<InstanceRow, "state" | "tryNumber" | "startedAt" | "finishedAt"> & {
      taskId: string;
    } & Record<string, unknown>
  >(AT, [...[runId, taskIds, mapIndex]]);
}

/** Where an instance belongs. */
export async function findInstance(
  db: Queryable,
  id: number,
): Promise<
  { readonly runId: number; readonly taskId: string; readonly mapIndex: number } | undefined
> {
  const [row] = await db.query<{ runId: number; taskId: string; mapIndex: number }>(BY_ID, [id]);
  return row;
}

export interface TryRow {
  readonly tryNumber: number;
  readonly state: "failed" | "lost";
  readonly workerId: string | null;
  readonly startedAt: Date | null;
  readonly finishedAt: Date;
  readonly reason: string | null;
  readonly error: StoredError | null;
}

/** Tries before the current one, newest first. */
export function listTries(db: Queryable, instanceId: number): Promise<readonly TryRow[]> {
  return db.query<TryRow & Record<string, unknown>>(TRIES, [instanceId]);
}

/** JSON text, cut at {@link SHOWN_VALUE}, empty when it lies in a file; `bytes` is its full size. */
export interface XComValue {
  readonly key: string;
  readonly value: string;
  readonly bytes: number;
}

export function listXComs(
  db: Queryable,
  runId: number,
  taskId: string,
  mapIndex: number,
): Promise<readonly XComValue[]> {
  return db.query<XComValue & Record<string, unknown>>(XCOMS, [runId, taskId, mapIndex]);
}
