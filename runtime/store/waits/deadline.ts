/**
 * Deadlines of runs. A row is created with its run. It is deleted when the run succeeds,
 * or when the callback for the missed deadline is queued.
 */
import type { Queryable, Statement } from "../database/database.ts";
import { enqueueCallbacks } from "./callback.ts";

// An average of fewer runs than the deadline asks for would say little. The last runs of
// a DAG are read once for each run, at most as many as a deadline may ask for, and not at
// all without such a deadline: read for each deadline, the estimate of the plan would be
// high enough for JIT.
const CREATE: Statement = {
  name: "deadline_create",
  text: `
insert into dagsmith.deadline (run_id, ordinal, due_at)
select run_id, ordinal, due_at from (
  select r.id as run_id, d.ordinal - 1 as ordinal,
    case d.spec ->> 'type'
      when 'queuedAt' then r.queued_at
      when 'logicalDate' then r.logical_date
      when 'fixed' then (d.spec ->> 'at')::timestamptz
      when 'averageRuntime' then (
        select case when count(*) = (d.spec ->> 'runs')::int then r.queued_at + avg(one) end
        from unnest(past.took[1:(d.spec ->> 'runs')::int]) one)
    end + (d.spec ->> 'intervalMs')::float8 * interval '1 millisecond' as due_at
  from dagsmith.dag_run r
  join dagsmith.dag_version v on v.id = r.version_id
  cross join lateral (
    select array_agg(o.took order by o.id desc) as took from (
      select id, finished_at - started_at as took from dagsmith.dag_run
      where dag_id = r.dag_id and state = 'success' and started_at is not null
        and v.spec ->> 'deadlines' like '%"averageRuntime"%'
      order by id desc limit 1000
    ) o
  ) past
  cross join lateral json_array_elements(v.spec -> 'deadlines') with ordinality as d (spec, ordinal)
  where r.id = any($1)
) deadline where due_at is not null
on conflict do nothing`,
};

// The delete locks the row, so that one of several schedulers queues the callback. A run
// that succeeded after its deadline has missed it too.
const MISS: Statement = {
  name: "deadline_miss",
  text: `
with due as (
  delete from dagsmith.deadline where (run_id, ordinal) in (
    select run_id, ordinal from dagsmith.deadline where due_at <= now()
    order by due_at limit $1 for update skip locked)
  returning run_id, ordinal, due_at
), missed as (
  insert into dagsmith.callback (run_id, event, ordinal, reason)
  select due.run_id, 'deadline', due.ordinal,
    'the run had not succeeded by '
      || to_char(due.due_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') || ' UTC'
  from due cross join lateral (
    -- "offset 0" keeps this a look into the primary key, whatever statistics say.
    select state, finished_at from dagsmith.dag_run where id = due.run_id offset 0
  ) r
  where r.state <> 'success' or r.finished_at > due.due_at
  returning id
), queued as (${enqueueCallbacks("missed")})
select (select count(*)::int from due) as due, (select count(*)::int from missed) as missed
from queued`,
};

const NEXT: Statement = {
  name: "deadline_next",
  text: `
select extract(epoch from min(due_at) - now())::float8 * 1000 as ms from dagsmith.deadline`,
};

/** Deadlines handled by one statement. */
const BATCH = 1_000;

/** Creates the deadlines of new runs. */
export async function createDeadlines(db: Queryable, runIds: readonly number[]): Promise<void> {
  if (runIds.length > 0) await db.query(CREATE, [runIds]);
}

/** Queues the callback of every deadline that was missed, once. @returns how many */
export async function missDeadlines(db: Queryable): Promise<number> {
  for (let missed = 0; ; ) {
    const [row] = await db.query<{ due: number; missed: number }>(MISS, [BATCH]);
    missed += row?.missed ?? 0;
    if ((row?.due ?? 0) < BATCH) return missed;
  }
}

/**
 * Milliseconds until the next deadline, negative when it is late; null: there is none.
 */
export async function nextDeadlineInMs(db: Queryable): Promise<number | null> {
  return (await db.query<{ ms: number | null }>(NEXT))[0]?.ms ?? null;
}
