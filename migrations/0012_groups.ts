/** Groups that run as one: counts for each element of a mapped one, and what a group waits for. */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
-- A task within a mapped group is counted for each element of the group; -1 elsewhere. The counts of a group's own instances are those of its
-- tasks: how many there are, and how many ended in which state, of those that do not decide the group's as removed.
alter table dagsmith.task_progress
  add column map_index integer not null default -1,
  drop constraint task_progress_pkey,
  add primary key (run_id, task_id, map_index);

-- group_retry: the next try of a group is due. group_timeout: its time is up.
alter table dagsmith.task_wait
  drop constraint task_wait_kind_check,
  add constraint task_wait_kind_check check (kind in ('poke', 'time', 'run', 'event', 'group_retry', 'group_timeout'));
`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
delete from dagsmith.task_wait where kind in ('group_retry', 'group_timeout');
alter table dagsmith.task_wait
  drop constraint task_wait_kind_check,
  add constraint task_wait_kind_check check (kind in ('poke', 'time', 'run', 'event'));
delete from dagsmith.task_progress where map_index >= 0;
alter table dagsmith.task_progress
  drop constraint task_progress_pkey,
  drop column map_index,
  add primary key (run_id, task_id);
`);
}
