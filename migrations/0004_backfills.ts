/**
 * Backfills: a range of a schedule, planned slot by slot, of which a few run at a time. And what it takes to do again what was done: runs
 * that are cleared, tries that are history whatever they came to, notes and labels.
 */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
create table dagsmith.backfill (
  id bigint generated always as identity primary key,
  dag_id text not null references dagsmith.dag,
  -- The schedule as it was when the backfill was made: what is deployed later does not change the plan.
  schedule_name text not null,
  schedule json not null,
  from_date timestamptz not null,
  to_date timestamptz not null,
  reprocess text not null check (reprocess in ('none', 'failed', 'completed')),
  backwards boolean not null,
  max_active_runs integer not null check (max_active_runs > 0),
  -- The params of runs that it makes; and those that were asked for, which runs that it does again get as well.
  params json not null,
  given_params json not null,
  labels json not null,
  -- original: what it makes gets the version below, what it does again keeps its own. latest: both get what is deployed then.
  code text not null check (code in ('original', 'latest')),
  version_id bigint not null references dagsmith.dag_version,
  state text not null default 'running' check (state in ('running', 'paused', 'completed', 'cancelled')),
  created_by text not null,
  created_at timestamptz not null default now(),
  ended_at timestamptz,
  check (from_date <= to_date),
  check ((ended_at is not null) = (state in ('completed', 'cancelled')))
);
create unique index backfill_one_active on dagsmith.backfill (dag_id) where ended_at is null;
create index backfill_newest on dagsmith.backfill (dag_id, id desc);

create table dagsmith.backfill_slot (
  backfill_id bigint not null references dagsmith.backfill on delete cascade,
  -- 1, 2, 3… in the order in which they run.
  ordinal integer not null check (ordinal > 0),
  logical_date timestamptz not null,
  data_interval_start timestamptz not null,
  data_interval_end timestamptz not null,
  run_after timestamptz not null,
  decision text not null check (decision in ('run', 'skip')),
  -- Why it is skipped.
  reason text,
  -- The run that was made or done again for it; of a skipped one, the run that stood in the way. Null while its turn has not come.
  run_id bigint references dagsmith.dag_run on delete set null,
  primary key (backfill_id, ordinal),
  check ((decision = 'skip') = (reason is not null))
);
create index backfill_slot_waiting on dagsmith.backfill_slot (backfill_id, ordinal) where decision = 'run' and run_id is null;
create index backfill_slot_run on dagsmith.backfill_slot (run_id) where run_id is not null;

alter table dagsmith.dag_run
  -- The backfill under whose limit it counts, instead of the DAG's.
  add column backfill_id bigint references dagsmith.backfill on delete set null,
  -- Its place in the backfill that ran it last; 1 is the first.
  add column backfill_ordinal integer check (backfill_ordinal > 0),
  -- How often it was taken up again after it had ended.
  add column clear_number integer not null default 0 check (clear_number >= 0),
  add column note text,
  add check (backfill_id is null or backfill_ordinal is not null);

-- A slot of a schedule runs once, whatever made its run: its run id without its type is its name.
create unique index dag_run_slot on dagsmith.dag_run (dag_id, (substr(run_id, strpos(run_id, '__')))) where schedule is not null;
create index if not exists dag_run_logical_date on dagsmith.dag_run (dag_id, logical_date);
create index dag_run_backfill on dagsmith.dag_run (backfill_id, backfill_ordinal) where backfill_id is not null and state in ('queued', 'running');

create table dagsmith.dag_run_label (
  run_id bigint not null references dagsmith.dag_run on delete cascade,
  key text not null check (key ~ '^[A-Za-z0-9_.-]{1,63}$'),
  value text not null check (length(value) <= 200),
  primary key (run_id, key)
);
create index dag_run_label_search on dagsmith.dag_run_label (key, value, run_id desc);

alter table dagsmith.task_instance
  -- Tries before it was last cleared; they use up no retry.
  add column cleared_tries integer not null default 0,
  add check (cleared_tries between 0 and try_number),
  drop constraint task_instance_state_check,
  add constraint task_instance_state_check
    check (state in ('none', 'scheduled', 'queued', 'running', 'up_for_retry', 'success', 'failed', 'skipped', 'upstream_failed'));

-- A try that was cleared is history whatever it came to.
alter table dagsmith.task_try
  drop constraint task_try_state_check,
  add constraint task_try_state_check check (state in ('failed', 'lost', 'success', 'skipped', 'upstream_failed'));

create index audit_newest on dagsmith.audit (dag_id, id desc);
`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
drop index dagsmith.audit_newest;
delete from dagsmith.task_try where state not in ('failed', 'lost');
alter table dagsmith.task_try drop constraint task_try_state_check, add constraint task_try_state_check check (state in ('failed', 'lost'));
delete from dagsmith.task_instance where state = 'none';
alter table dagsmith.task_instance
  drop column cleared_tries,
  drop constraint task_instance_state_check,
  add constraint task_instance_state_check
    check (state in ('scheduled', 'queued', 'running', 'up_for_retry', 'success', 'failed', 'skipped', 'upstream_failed'));
drop table dagsmith.dag_run_label;
drop index dagsmith.dag_run_slot, dagsmith.dag_run_logical_date, dagsmith.dag_run_backfill;
alter table dagsmith.dag_run drop column note, drop column clear_number, drop column backfill_ordinal, drop column backfill_id;
drop table dagsmith.backfill_slot, dagsmith.backfill;
`);
}
