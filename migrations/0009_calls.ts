/** Calls: runs that tasks of other runs have started. */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
alter table dagsmith.dag_run
  drop constraint dag_run_run_type_check,
  add constraint dag_run_run_type_check check (run_type in (
    'scheduled', 'manual', 'backfill', 'asset_triggered', 'event_triggered', 'called')) not valid;

alter table dagsmith.task_wait
  drop constraint task_wait_kind_check,
  add constraint task_wait_kind_check check (kind in (
    'poke', 'time', 'run', 'event', 'call', 'group_retry', 'group_timeout')) not valid;

-- The call of a task instance: a row for each instance that ever called. It is kept with the
-- instance, because a later try continues with the same run.
create table dagsmith.task_call (
  task_instance_id bigint primary key references dagsmith.task_instance on delete cascade,
  -- The try that called.
  try_number integer not null check (try_number > 0),
  -- Not a reference: the DAG may not exist.
  dag_id text not null,
  params json not null,
  -- The number of the version that was asked for; null: the deployed version.
  version integer,
  -- False: the task waits only until the run is created.
  waits boolean not null,
  -- What a retry runs again of a run that failed.
  rerun text not null check (rerun in ('failed', 'all')),
  -- new: the run must be created, or run again. going: the task waits for it. over: the task
  -- waits no more.
  state text not null default 'new' check (state in ('new', 'going', 'over')),
  called_run_id bigint references dagsmith.dag_run on delete set null
);
create index task_call_new on dagsmith.task_call (task_instance_id) where state = 'new';
create index task_call_going on dagsmith.task_call (task_instance_id) where state = 'going';
create index task_call_run on dagsmith.task_call (called_run_id) where called_run_id is not null`);
}
