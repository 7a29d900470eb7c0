/**
 * Waiting without a slot, and callbacks. What an instance waits for lies in a table of its own: an index over the state or the due time of
 * task_instance would make every move of every instance rewrite it.
 */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
alter table dagsmith.task_instance
  -- Of its first try; time-outs over all tries are counted from here.
  add column first_started_at timestamptz,
  -- Pokes that the current try has made.
  add column pokes integer not null default 0 check (pokes >= 0),
  drop constraint task_instance_state_check,
  add constraint task_instance_state_check check (state in (
    'none', 'scheduled', 'queued', 'running', 'up_for_retry', 'up_for_reschedule', 'deferred', 'success', 'failed', 'skipped', 'upstream_failed',
    'removed'));

-- One row for each instance that is up_for_reschedule or deferred. Rows of instances that were stopped meanwhile are swept.
create table dagsmith.task_wait (
  task_instance_id bigint primary key references dagsmith.task_instance on delete cascade,
  try_number integer not null,
  run_id bigint not null,
  kind text not null check (kind in ('poke', 'time', 'run', 'event')),
  -- poke, time: when the wait is over. run, event: when it has lasted too long.
  due_at timestamptz not null,
  -- Whether having lasted too long skips the task instead of failing it.
  soft_fail boolean not null default false,
  event text,
  dag_id text,
  -- Null: the whole run.
  task_id text,
  logical_date timestamptz,
  -- poke: how it gets back to a worker. Claims: the places that it waits for first; null for none.
  queue text,
  weight integer not null default 1,
  claims text,
  check ((kind = 'event') = (event is not null)),
  check ((kind = 'run') = (dag_id is not null and logical_date is not null)),
  check (kind = 'run' or task_id is null)
) with (fillfactor = 70);
create index task_wait_due on dagsmith.task_wait (due_at);
create index task_wait_run on dagsmith.task_wait (task_instance_id) where kind = 'run';
create index task_wait_event on dagsmith.task_wait (run_id, event) where kind = 'event';

-- What was sent to a run, whether or not a task waits for it yet.
create table dagsmith.run_event (
  run_id bigint not null references dagsmith.dag_run on delete cascade,
  name text not null,
  value json not null,
  at timestamptz not null default now(),
  primary key (run_id, name)
);

-- Code to be run because something happened: made in the transaction in which it happened, with its token.
create table dagsmith.callback (
  id bigint generated always as identity primary key,
  run_id bigint not null references dagsmith.dag_run on delete cascade,
  -- Null: of the run.
  task_instance_id bigint references dagsmith.task_instance on delete cascade,
  try_number integer,
  event text not null check (event in ('onSuccess', 'onFailure', 'onRetry', 'onSkipped', 'deadline')),
  -- Which deadline of the DAG.
  ordinal integer not null default 0,
  -- What happened.
  reason text,
  error json,
  state text not null default 'queued' check (state in ('queued', 'running', 'success', 'failed')),
  attempts integer not null default 0,
  worker_id text,
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  -- What a callback of the run logged; that of a task stands in the log of its try.
  lines text not null default '',
  -- Why it failed.
  failure text,
  check ((task_instance_id is null) = (try_number is null)),
  check ((finished_at is not null) = (state in ('success', 'failed')))
);
create index callback_run on dagsmith.callback (run_id, id);
create index callback_instance on dagsmith.callback (task_instance_id) where task_instance_id is not null;

-- By when a run is to succeed; the row goes with its success, or when it is missed.
create table dagsmith.deadline (
  run_id bigint not null references dagsmith.dag_run on delete cascade,
  ordinal integer not null check (ordinal >= 0),
  due_at timestamptz not null,
  primary key (run_id, ordinal)
);
create index deadline_due on dagsmith.deadline (due_at);
`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
drop table dagsmith.deadline, dagsmith.callback;
drop table dagsmith.run_event;
drop table dagsmith.task_wait;
update dagsmith.task_instance set state = 'skipped', finished_at = now(), worker_id = null where state in ('up_for_reschedule', 'deferred');
alter table dagsmith.task_instance
  drop column first_started_at,
  drop column pokes,
  drop constraint task_instance_state_check,
  add constraint task_instance_state_check check (state in (
    'none', 'scheduled', 'queued', 'running', 'up_for_retry', 'success', 'failed', 'skipped', 'upstream_failed', 'removed'));
`);
}
