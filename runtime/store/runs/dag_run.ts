/** Runs: made at most once for each slot, begun when there is a place, ended with their last task. */
import type { Json } from "../../../sdk/json.ts";
import type { Decisions, RunDates } from "../../engine/store.ts";
import type { RunState } from "../../state/run_state.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";
import { queueRunCallbacks } from "../waits/callback.ts";
import { createDeadlines } from "../waits/deadline.ts";

/** What makes runs: a schedule, a person, a backfill, assets, or an event. Airflow's names, and one of ours. */
export const RUN_TYPES = [
  "scheduled",
  "manual",
  "backfill",
  "asset_triggered",
  "event_triggered",
] as const;
export type RunType = (typeof RUN_TYPES)[number];

/** A run to be made. Its run id is derived from what it is for, so that making it twice makes it once. */
export interface NewRun {
  readonly dagId: string;
  readonly runId: string;
  readonly runType: RunType;
  readonly versionId: number;
  readonly logicalDate: Date;
  readonly dataIntervalStart: Date;
  readonly dataIntervalEnd: Date;
  readonly runAfter: Date;
  readonly params: Json;
  /** The name of the schedule that makes it; null when none does. */
  readonly schedule: string | null;
  /** What made it, for its tasks to read; null when time or a person did. */
  readonly trigger: Json;
  /** The partition it works on. Absent: none. */
  readonly partitionKey?: string | null;
  /** The backfill that makes it, and its place in there. */
  readonly backfill?: { readonly id: number; readonly ordinal: number };
}

// Read with the runs, so that a task without limits costs no statement of its own to find that out.
export const IS_GLOBALLY_LIMITED =
  "exists (select from dagsmith.pool where name = 'all') as is_globally_limited";

// Two things may stand in a run's way: a run with its id, and a run of its slot, which a backfill and the scheduler would each name differently.
const NEW_RUNS = rowsOf<NewRun>({
  dag_id: ["text", (run) => run.dagId],
  run_id: ["text", (run) => run.runId],
  run_type: ["text", (run) => run.runType],
  version_id: ["bigint", (run) => run.versionId],
  logical_date: ["timestamptz", (run) => run.logicalDate],
  data_interval_start: ["timestamptz", (run) => run.dataIntervalStart],
  data_interval_end: ["timestamptz", (run) => run.dataIntervalEnd],
  run_after: ["timestamptz", (run) => run.runAfter],
  params: ["json", (run) => JSON.stringify(run.params)],
  schedule: ["text", (run) => run.schedule],
  trigger: ["json", (run) => (run.trigger === null ? null : JSON.stringify(run.trigger))],
  backfill_id: ["bigint", (run) => run.backfill?.id ?? null],
  backfill_ordinal: ["int", (run) => run.backfill?.ordinal ?? null],
  partition_key: ["text", (run) => run.partitionKey ?? null],
});

const CREATE: Statement = {
  name: "dag_run_create",
  text: `
insert into dagsmith.dag_run (${NEW_RUNS.names})
select * from ${NEW_RUNS.unnest}
on conflict do nothing
returning id, dag_id, run_id`,
};

/** Of a run that begins, with its version as `v`: when it will have taken too long; null when it may take for ever. */
export const TIMEOUT_AT =
  "now() + (v.spec ->> 'dagRunTimeoutMs')::float8 * interval '1 millisecond'";

/** How many runs of a DAG may start. */
interface Capacity {
  readonly dagId: string;
  readonly places: number;
}

const CAPACITIES = rowsOf<Capacity>({
  dag_id: ["text", ({ dagId }) => dagId],
  places: ["int", ({ places }) => places],
});

// The oldest queued runs of each DAG, as many as there are places; the caller holds the rows of the DAGs.
const START_QUEUED: Statement = {
  name: "dag_run_start_queued",
  text: `
update dagsmith.dag_run r
set state = 'running', started_at = now(), open_tasks = json_array_length(v.spec -> 'tasks'),
    timeout_at = ${TIMEOUT_AT}
from dagsmith.dag_version v,
  ${CAPACITIES.as("place")},
  lateral (
    select id from dagsmith.dag_run q
    where q.dag_id = place.dag_id and q.state = 'queued' and q.backfill_id is null
    order by q.id limit place.places
    for no key update skip locked
  ) next
where r.id = next.id and v.id = r.version_id
returning r.id, r.version_id, r.open_tasks, r.failed_leaves, r.warnings, r.state, r.generation, r.backfill_id, ${IS_GLOBALLY_LIMITED}`,
};

// The runs of a backfill count under its own limit.
const ACTIVE: Statement = {
  name: "dag_run_active",
  text: `
select dag_id, count(*) filter (where state = 'running')::int as running, count(*)::int as active
from dagsmith.dag_run where dag_id = any($1) and state in ('queued', 'running') and backfill_id is null group by dag_id`,
};

// "no key update": inserting an instance, which refers to its run, must not wait for this lock.
const LOCK: Statement = {
  name: "dag_run_lock",
  text: `
select id, version_id, state, open_tasks, failed_leaves, warnings, generation, backfill_id, ${IS_GLOBALLY_LIMITED}
from dagsmith.dag_run where id = any($1) order by id for no key update`,
};

const PROGRESS = rowsOf<Decisions["runs"][number]>({
  id: ["bigint", (run) => run.id],
  open_tasks: ["int", (run) => run.openTasks],
  failed_leaves: ["int", (run) => run.failedLeaves],
  warnings: ["int", (run) => run.warnings],
  state: ["text", (run) => run.state],
});

const UPDATE: Statement = {
  name: "dag_run_update",
  text: `
update dagsmith.dag_run r
set open_tasks = v.open_tasks, failed_leaves = v.failed_leaves, warnings = v.warnings, state = v.state,
    finished_at = case when v.state in ('success', 'failed') then now() end
from ${PROGRESS.as("v")}
where r.id = v.id`,
};

export interface RunRow {
  readonly id: number;
  readonly version_id: number;
  readonly state: RunState;
  readonly open_tasks: number;
  readonly failed_leaves: number;
  readonly warnings: number;
  /** How often it was cleared: above 0 it may have instances that wait for their turn anew. */
  readonly generation: number;
  readonly backfill_id: number | null;
  readonly is_globally_limited: boolean;
}

/** Makes the runs that do not exist yet. @returns those that were made */
export async function createRuns(
  db: Queryable,
  runs: readonly NewRun[],
): Promise<readonly { readonly id: number; readonly dagId: string; readonly runId: string }[]> {
  if (runs.length === 0) return [];
  const rows = await db.query<{ id: number; dag_id: string; run_id: string }>(
    CREATE,
    NEW_RUNS.values(runs),
  );
  await createDeadlines(
    db,
    rows.map(({ id }) => id),
  );
  return rows.map((row) => ({ id: row.id, dagId: row.dag_id, runId: row.run_id }));
}

/** Moves up to `places` queued runs of each DAG to running, oldest first, with all their tasks open. */
export async function startQueued(
  db: Queryable,
  places: readonly Capacity[],
): Promise<readonly RunRow[]> {
  if (places.length === 0) return [];
  return db.query<RunRow & Record<string, unknown>>(START_QUEUED, CAPACITIES.values(places));
}

/**
 * How many runs of each DAG are running, and how many are running or queued. Those of backfills have a limit of their own and do not count.
 * DAGs without any are missing.
 */
export async function activeRuns(
  db: Queryable,
  dagIds: readonly string[],
): Promise<ReadonlyMap<string, { readonly running: number; readonly active: number }>> {
  const rows = await db.query<{ dag_id: string; running: number; active: number }>(ACTIVE, [
    dagIds,
  ]);
  return new Map(rows.map((row) => [row.dag_id, row]));
}

export function lockRuns(db: Queryable, ids: readonly number[]): Promise<readonly RunRow[]> {
  return db.query<RunRow & Record<string, unknown>>(LOCK, [ids]);
}

export async function updateRuns(db: Queryable, runs: Decisions["runs"]): Promise<void> {
  if (runs.length > 0) await db.query(UPDATE, PROGRESS.values(runs));
}

const BY_ID: Statement = {
  name: "dag_run_by_id",
  text: "select dag_id, run_id, state from dagsmith.dag_run where id = $1 and deleting_since is null",
};

// The guard on the state makes a run that ended meanwhile stay as it ended.
const END: Statement = {
  name: "dag_run_end",
  text: `
update dagsmith.dag_run set state = 'failed', finished_at = now(), reason = $2
where id = $1 and state in ('queued', 'running') returning id`,
};

const FORGET_WAITS: Statement = {
  name: "dag_run_delete_depends_on_past_waits",
  text: "delete from dagsmith.depends_on_past_wait where run_id = $1",
};

/** A run's names and state. */
export async function runById(
  db: Queryable,
  id: number,
): Promise<
  { readonly dagId: string; readonly runId: string; readonly state: RunState } | undefined
> {
  const [row] = await db.query<{ dag_id: string; run_id: string; state: RunState }>(BY_ID, [id]);
  return row && { dagId: row.dag_id, runId: row.run_id, state: row.state };
}

/** Ends an active run as failed. @returns false when it was not active any more */
export async function endRun(tx: Queryable, id: number, reason: string): Promise<boolean> {
  const ended = (await tx.query(END, [id, reason])).length > 0;
  if (ended) {
    await tx.query(FORGET_WAITS, [id]);
    await queueRunCallbacks(tx, [id]);
  }
  return ended;
}

const DATES: Statement = {
  name: "dag_run_dates",
  text: `
select now(), run_type, schedule, logical_date, data_interval_start, data_interval_end from dagsmith.dag_run where id = $1`,
};

/** When a run is, and what made it. */
export async function runDates(db: Queryable, id: number): Promise<RunDates> {
  type Row = {
    now: Date;
    run_type: string;
    schedule: string | null;
    logical_date: Date;
    data_interval_start: Date;
    data_interval_end: Date;
  };
  const [row] = await db.query<Row>(DATES, [id]);
  if (!row) throw new Error(`run ${id} does not exist`);
  const {
    now,
    run_type: runType,
    schedule,
    logical_date: logicalDate,
    data_interval_start: start,
    data_interval_end: end,
  } = row;
  return { now, runType, schedule, logicalDate, dataInterval: { start, end } };
}

// By the index on timeout_at, which holds only runs that have one and still run.
const OVERDUE: Statement = {
  name: "dag_run_overdue",
  text: `
select id, dag_id, started_at, timeout_at from dagsmith.dag_run
where state = 'running' and timeout_at <= now() order by timeout_at limit $1`,
};

/** Runs that took longer than they may, the longest overdue first. */
export async function overdueRuns(
  db: Queryable,
  limit: number,
): Promise<readonly { readonly id: number; readonly dagId: string; readonly allowedMs: number }[]> {
  const rows = await db.query<{ id: number; dag_id: string; started_at: Date; timeout_at: Date }>(
    OVERDUE,
    [limit],
  );
  return rows.map((row) => ({
    id: row.id,
    dagId: row.dag_id,
    allowedMs: row.timeout_at.getTime() - row.started_at.getTime(),
  }));
}

const END_AS: Statement = {
  name: "dag_run_end_as",
  text: `
update dagsmith.dag_run
set state = $2, reason = $3, finished_at = coalesce(finished_at, now()), open_tasks = 0, generation = generation + 1
where id = $1`,
};

/** Ends a run as a person says, whatever it was at. */
export async function endRunAs(
  tx: Queryable,
  id: number,
  state: "success" | "failed",
  reason: string,
): Promise<void> {
  await tx.query(FORGET_WAITS, [id]);
  await tx.query(END_AS, [id, state, reason]);
  await queueRunCallbacks(tx, [id]);
}
