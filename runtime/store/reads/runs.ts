/** Runs as pages show them: one, a DAG's list (paged by id), and the state of each of their tasks. */
import type { Json } from "../../../sdk/json.ts";
import type { RunTrigger } from "../../../sdk/sources/trigger.ts";
import type { RunState } from "../../state/run_state.ts";
import type { TaskState } from "../../state/task_state.ts";
import type { RunningWait } from "../../state/wait.ts";
import type { Queryable, Statement } from "../database/database.ts";
import type { RunType } from "../runs/dag_run.ts";
import { runningWait, WAIT_COLUMNS, type WaitRow } from "../waits/task_wait.ts";

export interface RunDetail {
  readonly id: number;
  readonly dagId: string;
  readonly runId: string;
  readonly runType: RunType;
  readonly state: RunState;
  readonly versionId: number;
  readonly logicalDate: Date;
  readonly dataIntervalStart: Date;
  readonly dataIntervalEnd: Date;
  readonly partitionKey: string | null;
  readonly queuedAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly reason: string | null;
  /** Tasks that failed and were allowed to. */
  readonly warnings: number;
  readonly params: Json;
  readonly note: string | null;
  readonly labels: Readonly<Record<string, string>>;
  /** The backfill that ran it last; null when none did. */
  readonly backfill: number | null;
}

const RUN = `id, dag_id as "dagId", run_id as "runId", run_type as "runType", state, version_id as "versionId", logical_date as "logicalDate",
  data_interval_start as "dataIntervalStart", data_interval_end as "dataIntervalEnd", partition_key as "partitionKey", queued_at as "queuedAt", started_at as "startedAt",
  finished_at as "finishedAt", reason, warnings, params, note,
  (select coalesce(json_object_agg(l.key, l.value), '{}') from dagsmith.dag_run_label l where l.run_id = dag_run.id) as labels,
  (select max(s.backfill_id) from dagsmith.backfill_run s where s.run_id = dag_run.id and s.decision = 'run') as backfill`;

// By the index on (dag_id, id desc), from an id on: as fast on the last page as on the first.
const LIST: Statement = {
  name: "page_runs_list",
  text: `select ${RUN} from dagsmith.dag_run
where dag_id = $1 and ($2::bigint is null or id < $2) and ($4::text is null or state = $4)
  and ($5::text is null or exists (select from dagsmith.dag_run_label l where l.run_id = dag_run.id and l.key = $5 and l.value = $6)) order by id desc limit $3`,
};

const GET: Statement = {
  name: "page_runs_get",
  text: `select ${RUN} from dagsmith.dag_run where id = $1`,
};

// Apart, because it may be large, and lists of runs do not show it.
const TRIGGER: Statement = {
  name: "page_runs_trigger",
  text: "select trigger from dagsmith.dag_run where id = $1",
};

/** What made a run; null when time or a person did. */
export async function getRunTrigger(db: Queryable, id: number): Promise<RunTrigger | null> {
  return (await db.query<{ trigger: RunTrigger | null }>(TRIGGER, [id]))[0]?.trigger ?? null;
}

/** A DAG's runs, newest first, those before a run's id. */
export function listRuns(
  db: Queryable,
  query: {
    readonly dagId: string;
    readonly before: number | null;
    readonly limit: number;
    readonly state: RunState | null;
    readonly label?: { readonly key: string; readonly value: string } | null;
  },
): Promise<readonly RunDetail[]> {
  return db.query<RunDetail & Record<string, unknown>>(LIST, [
    query.dagId,
    query.before,
    query.limit,
    query.state,
    query.label?.key ?? null,
    query.label?.value ?? null,
  ]);
}

export async function getRun(db: Queryable, id: number): Promise<RunDetail | undefined> {
  const [run] = await db.query<RunDetail & Record<string, unknown>>(GET, [id]);
  return run;
}

/** The instance of a task that is not mapped, or that was settled before its list was known. */
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
  /** What it waits for of its own. */
  readonly wait: RunningWait | null;
}

/** How far a mapped task is, from its counts: never from its instances, of which there may be 10,000. */
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

// Both arrays are index conditions of (run_id, task_id, map_index), so the instances of mapped tasks are not read.
const CELLS: Statement = {
  name: "page_runs_cells",
  text: `
select t.id as "instanceId", t.run_id as "runId", t.task_id as "taskId", t.state, t.try_number as "tryNumber", t.started_at as "startedAt",
  t.finished_at as "finishedAt", t.retry_at as "retryAt", t.queued_at as "queuedAt", t.reason,
  ${WAIT_COLUMNS}
from dagsmith.task_instance t
left join dagsmith.task_wait w on w.task_instance_id = t.id and t.state in ('up_for_reschedule', 'deferred')
where t.run_id = any($1) and t.task_id = any($2) and t.map_index = -1`,
};

// A task within a mapped group has its counts before its turn comes at any element: without an instance it has not begun.
const MAPPED: Statement = {
  name: "page_runs_mapped",
  text: `
select run_id as "runId", task_id as "taskId", instances - own_removed as instances, released, own_success as success, own_failed as failed, own_skipped as skipped,
  own_upstream_failed as "upstreamFailed"
from dagsmith.task_counter p where run_id = any($1) and map_index = -1 and instances > 0
  and exists (select from dagsmith.task_instance t where t.run_id = p.run_id and t.task_id = p.task_id and t.map_index >= 0 and t.state <> 'none')`,
};

const SPANS: Statement = {
  name: "page_runs_spans",
  text: `
select task_id as "taskId", min(started_at) as "startedAt", max(finished_at) as "finishedAt"
from dagsmith.task_instance where run_id = $1 and task_id = any($2) group by task_id`,
};

/** The states of tasks over runs: cells of the grid. Tasks whose turn has not come are missing. */
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
