/** Which key has sealed a secret. */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
-- Null: sealed before keys had ids.
alter table dagsmith.connection add column key_id text;
alter table dagsmith.variable add column key_id text;`);
}
