/** What people call an instance of a mapped task, beside its index. */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
alter table dagsmith.task_instance
  add column label text,
  add check (label is null or (map_index >= 0 and length(label) between 1 and 200));
`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw("alter table dagsmith.task_instance drop column label");
}
