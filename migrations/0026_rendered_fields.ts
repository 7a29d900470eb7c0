/** What tries really ran: SQL, commands and requests with their values. */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
create table dagsmith.rendered_fields (
  task_instance_id bigint not null references dagsmith.task_instance on delete cascade,
  try_number integer not null,
  -- A list of {name, value, characters}, in order; masked and cut.
  fields json not null,
  primary key (task_instance_id, try_number)
);
`);
}
