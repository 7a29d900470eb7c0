/** Results of steps, which later tries of the same task use. */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
create table dagsmith.step (
  run_id bigint not null references dagsmith.dag_run on delete cascade,
  task_id text not null,
  -- -1 for a task that is not mapped.
  map_index integer not null,
  name text not null check (length(name) between 1 and 200),
  -- The try that did the step. A clear makes earlier tries, and so their steps, count no
  -- more: see cleared_tries of the instance.
  try_number integer not null check (try_number > 0),
  -- Null: the step has no result.
  result json,
  finished_at timestamptz not null default now(),
  primary key (run_id, task_id, map_index, name)
)`);
}
