/**
 * Which runs retention may delete. A run that a later decision needs stays, whatever its
 * age; the list is in docs/operations.md. A run to be deleted is marked in one
 * transaction, and from then on no action and no decision sees it.
 */
import type { Queryable, Statement } from "../database/database.ts";
import { PREVIOUS_RUN } from "../waits/depends_on_past_wait.ts";
import { isOlder } from "./delete_some.ts";

/** Where the next page of runs begins: runs in the order of their ends. */
export interface RunPosition {
  /**
   * As PostgreSQL writes it: a Date would lose the microseconds, and with them the
   * position.
   */
  readonly finishedAt: string;
  readonly id: number;
}

export const FIRST: RunPosition = { finishedAt: "-infinity", id: 0 };

const PAGE: Statement = {
  name: "retention_run_page",
  text: `
select id, finished_at::text as "finishedAt" from dagsmith.dag_run
where ${isOlder("finished_at")} and deleting_since is null
  and (finished_at, id) > ($2::timestamptz, $3::bigint)
order by finished_at, id limit $4`,
};

// A locked run is in use: it is cleared, or a worker writes an instance of it.
const LOCK: Statement = {
  name: "retention_run_lock",
  text: "select id from dagsmith.dag_run where id = any($1) order by id for update skip locked",
};

/**
 * The newest ended runs of each DAG, as many as its rules count: failures in a row,
 * average times.
 */
const NEWEST = `
select o.id from dags d cross join lateral (
  select id from dagsmith.dag_run o
  where o.dag_id = d.dag_id and o.state in ('success', 'failed') and o.deleting_since is null
  order by id desc limit greatest(1, d.failures)) o
union all
select o.id from dags d cross join lateral (
  select id from dagsmith.dag_run o
  where o.dag_id = d.dag_id and o.state = 'success' and o.deleting_since is null
  order by id desc limit d.averaged) o`;

/** The runs that tasks of active runs look back at. */
const LOOKED_BACK_AT = `
select p.id from dags d
join dagsmith.dag_run r on r.dag_id = d.dag_id and r.state in ('queued', 'running')
join dagsmith.dag_version v on v.id = r.version_id
cross join lateral (${PREVIOUS_RUN}) p`;

/**
 * The run `c` is before the last of its schedule, and the run right after it has expired
 * too.
 */
const HAS_SUCCESSORS = `
exists (
  select from dagsmith.dag_run o
  where o.dag_id = c.dag_id and o.schedule is not distinct from c.schedule
    and (o.logical_date, o.id) > (c.logical_date, c.id) and o.deleting_since is null)
and coalesce((
  select ${isOlder("o.finished_at")} from dagsmith.dag_run o
  where o.dag_id = c.dag_id and o.logical_date >= c.logical_date
    and (o.logical_date, o.id) > (c.logical_date, c.id)
  order by o.logical_date, o.id limit 1), false)`;

/**
 * The schedule has passed the interval of the run `c`, also with the newest first. Only
 * then does the memory of the schedule prevent a second run of the interval.
 */
const IS_DECIDED = `
c.schedule is null or exists (
  select from dagsmith.dag_schedule m
  where m.dag_id = c.dag_id and m.name = c.schedule
    and m.last_interval_start >= c.data_interval_start
    and not exists (
      select from json_array_elements(m.gaps) g
      where c.run_after < (g ->> 'before')::timestamptz
        and c.data_interval_start > coalesce(
          (g -> 'after' ->> 'start')::timestamptz, '-infinity'::timestamptz)))`;

/** A later event refers to the run `c`. */
const IS_AWAITED = `
exists (
  select from dagsmith.task_wait w
  where w.kind = 'run' and w.dag_id = c.dag_id and w.logical_date = c.logical_date)
or exists (select from dagsmith.run_end e where e.run_id = c.id)
or exists (
  select from dagsmith.asset_event e join dagsmith.asset_queue q on q.event_id = e.id
  where e.run_id = c.id)
or exists (
  select from dagsmith.backfill_run s join dagsmith.backfill b on b.id = s.backfill_id
  where s.run_id = c.id and b.ended_at is null)
or exists (select from dagsmith.callback b where b.run_id = c.id and b.finished_at is null)
or exists (select from dagsmith.deadline d where d.run_id = c.id)`;

const DELETABLE = `
with candidate as (
  select id, dag_id, schedule, logical_date, data_interval_start, run_after
  from dagsmith.dag_run
  where id = any($2) and ${isOlder("finished_at")} and deleting_since is null
), dags as (
  select d.dag_id, (v.spec ->> 'maxConsecutiveFailedDagRuns')::int as failures, (
    select coalesce(max((l ->> 'runs')::int), 0) from json_array_elements(v.spec -> 'deadlines') l
  ) as averaged
  from dagsmith.dag d join dagsmith.dag_version v on v.id = d.version_id
  where d.dag_id in (select dag_id from candidate)
), kept as (${NEWEST} union all ${LOOKED_BACK_AT})
select c.id from candidate c
where c.id not in (select id from kept) and ${HAS_SUCCESSORS}
  and (${IS_DECIDED}) and not (${IS_AWAITED})`;

const MARK: Statement = {
  name: "retention_run_mark",
  text: `
update dagsmith.dag_run set deleting_since = now() where id in (${DELETABLE}) returning id`,
};

const COUNT: Statement = {
  name: "retention_run_count",
  text: `select count(*)::int as rows from (${DELETABLE}) deletable`,
};

/**
 * The runs that ended longer ago than an age, from a position on, the earliest end first.
 */
export function oldRuns(
  db: Queryable,
  ageMs: number,
  after: RunPosition,
  limit: number,
): Promise<readonly RunPosition[]> {
  return db.query<RunPosition & Record<string, unknown>>(PAGE, [
    ageMs,
    after.finishedAt,
    after.id,
    limit,
  ]);
}

/**
 * Marks the runs that may be deleted; a run that another transaction has locked is left.
 */
export async function markRuns(
  tx: Queryable,
  ageMs: number,
  ids: readonly number[],
): Promise<number> {
  const locked = await tx.query<{ id: number }>(LOCK, [ids]);
  // A statement of its own: it sees what was committed before the locks were taken.
  return (await tx.query(MARK, [ageMs, locked.map(({ id }) => id)])).length;
}

/** How many of the runs may be deleted. */
export async function countRuns(
  db: Queryable,
  ageMs: number,
  ids: readonly number[],
): Promise<number> {
  return (await db.query<{ rows: number }>(COUNT, [ageMs, ids]))[0]?.rows ?? 0;
}
