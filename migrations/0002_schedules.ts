/**
 * A DAG may have several schedules, each with a memory of its own; and a run says what made it: which schedule, a backfill, assets or an
 * event.
 */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
-- What a schedule remembers. A row whose name the DAG's version no longer has is left alone, in case it comes back.
create table dagsmith.dag_schedule (
  dag_id text not null references dagsmith.dag on delete cascade,
  -- Empty for the only schedule of a DAG.
  name text not null,
  -- The interval of the last automated run.
  last_interval_start timestamptz,
  last_interval_end timestamptz,
  -- When its next run is due; null: never.
  next_run_after timestamptz,
  primary key (dag_id, name),
  check ((last_interval_start is null) = (last_interval_end is null))
) with (fillfactor = 80);
insert into dagsmith.dag_schedule (dag_id, name, last_interval_start, last_interval_end, next_run_after)
select dag_id, '', last_interval_start, last_interval_end, next_run_after from dagsmith.dag where last_interval_start is not null;

-- next_run_after stays: the soonest of its schedules, which the scheduler looks for.
alter table dagsmith.dag drop column last_interval_start, drop column last_interval_end;

alter table dagsmith.dag_run
  drop constraint dag_run_run_type_check,
  add check (run_type in ('scheduled', 'manual', 'backfill', 'asset_triggered', 'event_triggered')),
  -- The name of the schedule that made it; null for a run that no schedule made.
  add column schedule text,
  -- What made it, when that was an event or assets: what a task reads as its trigger.
  add column trigger json;
update dagsmith.dag_run set schedule = '' where run_type = 'scheduled';

update dagsmith.dag_version set spec = (spec::jsonb - 'schedule' || jsonb_build_object('schedules',
  case when spec -> 'schedule' ->> 'type' = 'none' then '[]'::jsonb
  else jsonb_build_array(jsonb_build_object('name', '', 'schedule', (spec -> 'schedule')::jsonb, 'params', '{}'::jsonb)) end))::json;
`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
update dagsmith.dag_version set spec = (spec::jsonb - 'schedules' || jsonb_build_object('schedule',
  coalesce(spec::jsonb -> 'schedules' -> 0 -> 'schedule', '{"type": "none"}'::jsonb)))::json;
alter table dagsmith.dag_run drop column trigger, drop column schedule, drop constraint dag_run_run_type_check;
update dagsmith.dag_run set run_type = 'manual' where run_type not in ('scheduled', 'manual');
alter table dagsmith.dag_run add check (run_type in ('scheduled', 'manual'));
alter table dagsmith.dag add column last_interval_start timestamptz, add column last_interval_end timestamptz,
  add check ((last_interval_start is null) = (last_interval_end is null));
update dagsmith.dag d set last_interval_start = s.last_interval_start, last_interval_end = s.last_interval_end
from dagsmith.dag_schedule s where s.dag_id = d.dag_id and s.name = '';
drop table dagsmith.dag_schedule;
`);
}
