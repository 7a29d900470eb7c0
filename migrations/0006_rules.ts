/**
 * Rules about runs and tasks beside trigger rules: what was removed and what was allowed to fail is counted, tasks wait for their past, runs
 * have a longest time, and a DAG says why it was paused.
 */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
alter table dagsmith.task_progress
  -- Upstream instances that are no more, but were tasks of their own; those of mapped tasks are simply not counted any longer.
  add column upstream_removed integer not null default 0,
  add column removed integer not null default 0;

alter table dagsmith.dag_run
  -- Tasks that failed and were allowed to.
  add column warnings integer not null default 0 check (warnings >= 0),
  -- When it will have taken longer than it may; null: never.
  add column timeout_at timestamptz,
  add check (timeout_at is null or started_at is not null);
create index dag_run_overdue on dagsmith.dag_run (timeout_at) where state = 'running' and timeout_at is not null;
-- The run before a run.
create index if not exists dag_run_logical_date on dagsmith.dag_run (dag_id, logical_date);

-- Why dagsmith itself paused it; null when a person did, or nobody.
alter table dagsmith.dag
  add column pause_reason text,
  add check (pause_reason is null or is_paused);

-- Tasks whose turn has come, but for their past. They have no instance yet.
create table dagsmith.past_wait (
  run_id bigint not null references dagsmith.dag_run on delete cascade,
  task_id text not null,
  since timestamptz not null default now(),
  primary key (run_id, task_id)
);

alter table dagsmith.task_instance drop constraint task_instance_state_check, drop constraint task_instance_check;
alter table dagsmith.task_instance
  add constraint task_instance_state_check check (state in
    ('none', 'scheduled', 'queued', 'running', 'up_for_retry', 'success', 'failed', 'skipped', 'upstream_failed', 'removed')),
  add constraint task_instance_check check
    ((finished_at is not null) = (state in ('success', 'failed', 'skipped', 'upstream_failed', 'removed')));
`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
delete from dagsmith.task_instance where state = 'removed';
alter table dagsmith.task_instance drop constraint task_instance_state_check, drop constraint task_instance_check;
alter table dagsmith.task_instance
  add constraint task_instance_state_check check (state in
    ('none', 'scheduled', 'queued', 'running', 'up_for_retry', 'success', 'failed', 'skipped', 'upstream_failed')),
  add constraint task_instance_check check ((finished_at is not null) = (state in ('success', 'failed', 'skipped', 'upstream_failed')));
drop table dagsmith.past_wait;
alter table dagsmith.dag drop column pause_reason;
drop index dagsmith.dag_run_overdue;
alter table dagsmith.dag_run drop column timeout_at, drop column warnings;
alter table dagsmith.task_progress drop column removed, drop column upstream_removed;
`);
}
