/** The tasks of runs, one entry for each task however many instances it has. */
import type { StoredError } from "../../state/stored_error.ts";
import type { TaskState } from "../../state/task_state.ts";
import type { RunningWait } from "../../state/wait.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { runningWait, WAIT_COLUMNS, type WaitRow } from "../waits/task_wait.ts";

/**
 * SQL for the one state of a task with many instances: the state furthest from the end,
 * and of final states the worst.
 */
export const LEADING_STATE = `(array_agg(state order by array_position(array['running',
  'up_for_retry', 'up_for_reschedule', 'deferred', 'queued', 'scheduled', 'failed',
  'upstream_failed', 'skipped', 'success', 'removed'], state)))[1]`;

/** All instances of one task of a run. */
export interface TaskSummary {
  readonly taskId: string;
  readonly isMapped: boolean;
  readonly instances: number;
  readonly success: number;
  readonly failed: number;
  readonly skipped: number;
  readonly running: number;
  /** The state furthest from the end, and of final states the worst. */
  readonly state: TaskState;
  readonly tryNumber: number;
  readonly startedAt: Date | null;
  /** Null until all instances have ended. */
  readonly finishedAt: Date | null;
  /** The reason of the first instance that has one. */
  readonly reason: string | null;
  /** The error of the first instance that has one. */
  readonly error: StoredError | null;
}

const SUMMARY: Statement = {
  name: "task_summary",
  text: `
select task_id as "taskId", bool_or(map_index >= 0) as "isMapped",
  count(*) filter (where state not in ('none', 'removed'))::int as instances,
  count(*) filter (where state = 'success')::int as success,
  count(*) filter (where state in ('failed', 'upstream_failed'))::int as failed,
  count(*) filter (where state in ('skipped', 'removed'))::int as skipped,
  count(*) filter (where state = 'running')::int as running,
  ${LEADING_STATE} as state, max(try_number) as "tryNumber", min(started_at) as "startedAt",
  case when bool_and(finished_at is not null) then max(finished_at) end as "finishedAt",
  (array_agg(reason order by map_index) filter (where reason is not null))[1] as reason,
  (array_agg(error order by map_index) filter (where error is not null))[1] as error
from dagsmith.task_instance where run_id = $1 group by task_id`,
};

/**
 * One entry for each task that has an instance. A task that was not instantiated has
 * none.
 */
export function summariseTasks(db: Queryable, runId: number): Promise<readonly TaskSummary[]> {
  return db.query<TaskSummary & Record<string, unknown>>(SUMMARY, [runId]);
}

/** The instance of a task that is not mapped, or that ended before its list was known. */
export interface TaskCell {
  readonly instanceId: number;
  readonly runId: number;
  readonly taskId: string;
  readonly state: TaskState;
  readonly tryNumber: number;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly retryAt: Date | null;
  readonly queuedAt: Date | null;
  readonly reason: string | null;
  /** The wait of a sensor or of a deferred task. */
  readonly wait: RunningWait | null;
}

/**
 * How far a mapped task is. Read from its counter, never from its instances, of which
 * there may be 10,000.
 */
export interface MappedCell {
  readonly runId: number;
  readonly taskId: string;
  readonly instances: number;
  readonly released: number;
  readonly success: number;
  readonly failed: number;
  readonly skipped: number;
  readonly upstreamFailed: number;
}

// Both arrays are index conditions of (run_id, task_id, map_index), so the instances of
// mapped tasks are not read.
const CELLS: Statement = {
  name: "task_cells",
  text: `
select t.id as "instanceId", t.run_id as "runId", t.task_id as "taskId", t.state,
  t.try_number as "tryNumber", t.started_at as "startedAt", t.finished_at as "finishedAt",
  t.retry_at as "retryAt", t.queued_at as "queuedAt", t.reason, ${WAIT_COLUMNS}
from dagsmith.task_instance t
left join dagsmith.task_wait w
  on w.task_instance_id = t.id and t.state in ('up_for_reschedule', 'deferred')
where t.run_id = any($1) and t.task_id = any($2) and t.map_index = -1`,
};

// A task within a mapped group has a counter before it is instantiated at any map index.
// The "exists" leaves it out until then.
const MAPPED: Statement = {
  name: "task_mapped_cells",
  text: `
select run_id as "runId", task_id as "taskId", instances - own_removed as instances, released,
  own_success as success, own_failed as failed, own_skipped as skipped,
  own_upstream_failed as "upstreamFailed"
from dagsmith.task_counter p
where run_id = any($1) and map_index = -1 and instances > 0
  and exists (
    select from dagsmith.task_instance t
    where t.run_id = p.run_id and t.task_id = p.task_id and t.map_index >= 0 and t.state <> 'none')`,
};

const SPANS: Statement = {
  name: "task_mapped_spans",
  text: `
select task_id as "taskId", min(started_at) as "startedAt", max(finished_at) as "finishedAt"
from dagsmith.task_instance where run_id = $1 and task_id = any($2) group by task_id`,
};

/** The cells of a grid: tasks over runs. Tasks that were not instantiated are missing. */
export async function taskCells(
  db: Queryable,
  runIds: readonly number[],
  taskIds: readonly string[],
): Promise<{ readonly single: readonly TaskCell[]; readonly mapped: readonly MappedCell[] }> {
  const [single, mapped] = await Promise.all([
    db.query<Omit<TaskCell, "wait"> & WaitRow>(CELLS, [runIds, taskIds]),
    db.query<MappedCell & Record<string, unknown>>(MAPPED, [runIds]),
  ]);
  return { single: single.map((row) => ({ ...row, wait: runningWait(row) ?? null })), mapped };
}

export interface Span {
  readonly taskId: string;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}

/** From the first start to the last end of mapped tasks of one run. */
export function mappedSpans(
  db: Queryable,
  runId: number,
  taskIds: readonly string[],
): Promise<readonly Span[]> {
  return db.query<Span & Record<string, unknown>>(SPANS, [runId, taskIds]);
}
