/** Questions of tasks to people, and their answers. */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
alter table dagsmith.task_wait
  drop constraint task_wait_kind_check,
  add constraint task_wait_kind_check check (kind in (
    'poke', 'time', 'run', 'event', 'call', 'ask', 'group_retry', 'group_timeout')) not valid;

alter table dagsmith.callback
  drop constraint callback_event_check,
  add constraint callback_event_check check (event in (
    'onSuccess', 'onFailure', 'onRetry', 'onSkipped', 'onAsk', 'deadline')) not valid;

-- The question of a task instance: a row for each instance that ever asked, or that was
-- answered before it asked.
create table dagsmith.question (
  id bigint generated always as identity primary key,
  run_id bigint not null references dagsmith.dag_run on delete cascade,
  task_id text not null,
  map_index integer not null,
  -- early: answered before it was asked. open: asked; when its instance no longer waits, the
  -- question is closed, and a job writes that here. timed_out: the time for an answer is over.
  state text not null check (state in ('early', 'open', 'answered', 'timed_out', 'closed')),
  -- Null until the question is asked.
  task_instance_id bigint,
  try_number integer,
  subject text,
  body text,
  -- The answer after the time-out; null: the task fails then.
  otherwise json,
  asked_at timestamptz,
  remind_at timestamptz,
  remind_every interval,
  answer json,
  answered_by text,
  answered_at timestamptz,
  unique (run_id, task_id, map_index),
  check ((state in ('early', 'answered')) = (answer is not null)),
  check ((answer is null) = (answered_at is null)),
  check ((answer is null) = (answered_by is null)),
  check (state = 'early' or (task_instance_id is not null and subject is not null))
) with (fillfactor = 70);
create index question_open on dagsmith.question (id) where state = 'open';
create index question_remind on dagsmith.question (remind_at)
  where state = 'open' and remind_at is not null`);
}
