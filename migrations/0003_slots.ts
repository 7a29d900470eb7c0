/** Every slot of a schedule leaves a trace: the run that it got, or why it got none; and schedules remember what they still owe. */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
-- Decisions. A run has a row of its own; slots in a row that were skipped for the same reason share one.
create table dagsmith.slot (
  dag_id text not null references dagsmith.dag on delete cascade,
  -- Empty for the only schedule of a DAG.
  schedule text not null,
  decision text not null check (decision in ('run', 'skipped')),
  reason text check (reason in ('catchup', 'paused', 'max_active_runs')),
  -- How many slots; null: more than anybody wants to count.
  count integer check (count > 0),
  logical_date timestamptz not null,
  last_logical_date timestamptz not null,
  -- From the start of the first interval to the end of the last.
  data_interval_start timestamptz not null,
  data_interval_end timestamptz not null,
  run_after timestamptz not null,
  last_run_after timestamptz not null,
  run_id text,
  decided_at timestamptz not null default now(),
  primary key (dag_id, schedule, logical_date),
  check (logical_date <= last_logical_date and data_interval_start <= data_interval_end and run_after <= last_run_after),
  check ((decision = 'run') = (run_id is not null)),
  check ((decision = 'skipped') = (reason is not null)),
  check (decision = 'skipped' or (count = 1 and logical_date = last_logical_date))
);
create index slot_newest on dagsmith.slot (dag_id, last_logical_date desc, schedule);

alter table dagsmith.dag
  -- The last pause, to tell what fell into it; unpaused_at before paused_at: it is paused.
  add column paused_at timestamptz,
  add column unpaused_at timestamptz,
  -- Since when its schedules wait for a place; null when the last look found one.
  add column full_since timestamptz;
update dagsmith.dag set paused_at = now() where is_paused;
update dagsmith.dag set full_since = now() where at_capacity;

alter table dagsmith.dag_schedule
  -- Why it stands still, when its timetable threw.
  add column error text,
  -- Stretches of slots that are owed and lie before the last run, newest first: catchup that begins with the newest leaves them.
  add column gaps json not null default '[]',
  -- The skipped slots after the last run, as in their row of dagsmith.slot.
  add column skipped json;

-- The partition that a run works on, for schedules that have partitions.
alter table dagsmith.dag_run add column partition_key text;
`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
alter table dagsmith.dag_run drop column partition_key;
alter table dagsmith.dag_schedule drop column skipped, drop column gaps, drop column error;
alter table dagsmith.dag drop column full_since, drop column unpaused_at, drop column paused_at;
drop table dagsmith.slot;
`);
}
