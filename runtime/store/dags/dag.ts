/** DAGs: the version that runs next, pauses, and when their schedules are due. */
import type { Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";

export interface DagRow {
  readonly dagId: string;
  readonly versionId: number;
  readonly isPaused: boolean;
  /** The database's clock. */
  readonly now: Date;
}

/** A DAG with a due schedule. */
export interface DueDag {
  readonly dagId: string;
  readonly versionId: number;
  /** When its schedule was due. */
  readonly dueAt: Date;
  /** Start of the last pause; null: the DAG was never paused. */
  readonly pausedAt: Date | null;
  /** End of the last pause; before its start, or null, while the DAG is paused. */
  readonly unpausedAt: Date | null;
  /** Since when its schedules wait for capacity. */
  readonly fullSince: Date | null;
}

const GET: Statement = {
  name: "dag_get",
  text: `
select dag_id, version_id, is_paused, now() as now from dagsmith.dag
where dag_id = $1 and version_id is not null and removed_at is null`,
};

const IDS: Statement = {
  name: "dag_ids",
  text: "select dag_id from dagsmith.dag where removed_at is null order by dag_id",
};

// Rows that another scheduler has locked are left to it.
const DUE: Statement = {
  name: "dag_due",
  text: `
select dag_id, version_id, next_run_after, paused_at, unpaused_at, full_since, now() as now
from dagsmith.dag
where next_run_after <= now() and not is_paused and not at_capacity and removed_at is null
  and version_id is not null
order by next_run_after limit $1
for no key update skip locked`,
};

/** What the scheduler found for a DAG. */
export interface ScheduledDag {
  readonly dagId: string;
  /** The earliest of its schedules. Null: never again. */
  readonly nextRunAfter: Date | null;
  readonly atCapacity: boolean;
  /** The error of a timetable. */
  readonly error: string | null;
}

const SCHEDULED_DAGS = rowsOf<ScheduledDag>({
  dag_id: ["text", (dag) => dag.dagId],
  next_run_after: ["timestamptz", (dag) => dag.nextRunAfter],
  at_capacity: ["boolean", (dag) => dag.atCapacity],
  schedule_error: ["text", (dag) => dag.error],
});

const SCHEDULED: Statement = {
  name: "dag_scheduled",
  text: `
update dagsmith.dag d
set next_run_after = v.next_run_after, at_capacity = v.at_capacity,
  schedule_error = v.schedule_error,
  full_since = case when v.at_capacity then coalesce(d.full_since, now()) end
from ${SCHEDULED_DAGS.as("v")}
where d.dag_id = v.dag_id`,
};

const NEXT_DUE: Statement = {
  name: "dag_next_due",
  text: `
select extract(epoch from min(next_run_after) - now()) * 1000 as in_ms
from dagsmith.dag where not is_paused and not at_capacity and removed_at is null`,
};

// Also a DAG that is marked as full without an active run: the process that ended its
// last run died before it could clear the mark.
const LEFT_WAITING: Statement = {
  name: "dag_left_waiting",
  text: `
select r.dag_id from dagsmith.dag_run r join dagsmith.dag d using (dag_id)
where r.state = 'queued' and not d.is_paused
union
select d.dag_id from dagsmith.dag d
where d.at_capacity
  and not exists (
    select from dagsmith.dag_run r
    where r.dag_id = d.dag_id and r.state in ('queued', 'running') and r.backfill_id is null)`,
};

// An unpaused DAG is due at once: its catchup decides about the intervals missed in the
// pause. Pauses without a decision of the scheduler in between count as one.
const SET_PAUSED: Statement = {
  name: "dag_set_paused",
  text: `
with was as (
  select dag_id, is_paused from dagsmith.dag where dag_id = $1 and removed_at is null for update
)
update dagsmith.dag d set is_paused = $2, pause_reason = null,
  next_run_after = case when $2 then d.next_run_after else now() end,
  paused_at = case
    when not $2 then coalesce(d.paused_at, case when was.is_paused then d.created_at end)
    when was.is_paused or d.unpaused_at = d.next_run_after then d.paused_at
    else now() end,
  unpaused_at = case when $2 then d.unpaused_at when was.is_paused then now()
    else d.unpaused_at end
from was where d.dag_id = was.dag_id
returning was.is_paused as "wasPaused"`,
};

const STANDING: Statement = {
  name: "dag_standing",
  text: `
select version_id as "versionId", is_paused as "isPaused", removed_at is not null as "isRemoved",
  at_capacity as "atCapacity", now() as now
from dagsmith.dag where dag_id = $1 and version_id is not null`,
};

/** The state of a DAG; `now` is the database's clock. */
export interface DagStanding {
  readonly versionId: number;
  readonly isPaused: boolean;
  readonly isRemoved: boolean;
  readonly atCapacity: boolean;
  readonly now: Date;
}

export async function getDag(db: Queryable, dagId: string): Promise<DagRow | undefined> {
  type Row = { dag_id: string; version_id: number; is_paused: boolean; now: Date };
  const [row] = await db.query<Row>(GET, [dagId]);
  return (
    row && {
      dagId: row.dag_id,
      versionId: row.version_id,
      isPaused: row.is_paused,
      now: row.now,
    }
  );
}

/** The state of a DAG, also of a removed one; undefined when it was never deployed. */
export async function dagStanding(db: Queryable, dagId: string): Promise<DagStanding | undefined> {
  return (await db.query<DagStanding & Record<string, unknown>>(STANDING, [dagId]))[0];
}

export async function dagIds(db: Queryable): Promise<readonly string[]> {
  return (await db.query<{ dag_id: string }>(IDS)).map((row) => row.dag_id);
}

/** Locks up to `limit` due DAGs, the longest due first. `now` is the database's clock. */
export async function lockDueDags(
  tx: Queryable,
  limit: number,
): Promise<{ readonly now: Date; readonly dags: readonly DueDag[] }> {
  const rows = await tx.query<{
    dag_id: string;
    version_id: number;
    next_run_after: Date;
    paused_at: Date | null;
    unpaused_at: Date | null;
    full_since: Date | null;
    now: Date;
  }>(DUE, [limit]);
  const dags = rows.map((row) => ({
    ...{ dagId: row.dag_id, versionId: row.version_id, dueAt: row.next_run_after },
    ...{ pausedAt: row.paused_at, unpausedAt: row.unpaused_at, fullSince: row.full_since },
  }));
  return { now: rows[0]?.now ?? new Date(0), dags };
}

export async function recordScheduled(tx: Queryable, dags: readonly ScheduledDag[]): Promise<void> {
  if (dags.length > 0) await tx.query(SCHEDULED, SCHEDULED_DAGS.values(dags));
}

/**
 * Milliseconds until the next DAG is due, negative when one is late; null: none will be
 * due.
 */
export async function nextDueInMs(db: Queryable): Promise<number | null> {
  const [row] = await db.query<{ in_ms: string | null }>(NEXT_DUE);
  return row?.in_ms == null ? null : Number(row.in_ms);
}

/** DAGs that wait for capacity: they have queued runs, or could have. */
export async function dagsLeftWaiting(db: Queryable): Promise<readonly string[]> {
  return (await db.query<{ dag_id: string }>(LEFT_WAITING)).map((row) => row.dag_id);
}

/**
 * Pauses or unpauses a DAG.
 * @returns whether it was paused before; undefined when there is no such DAG
 */
export async function setPaused(
  db: Queryable,
  dagId: string,
  isPaused: boolean,
): Promise<boolean | undefined> {
  return (await db.query<{ wasPaused: boolean }>(SET_PAUSED, [dagId, isPaused]))[0]?.wasPaused;
}
