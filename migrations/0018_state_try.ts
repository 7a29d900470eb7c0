/** Which try of which instance set a value of state, besides its run and task. */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
alter table dagsmith.state
  -- Null: a person set the value, or a release that did not record it.
  add column map_index integer,
  add column try_number integer;
create index state_writer on dagsmith.state (run_id, task_id) where run_id is not null;`);
}
