/** What services say of themselves: their database sessions and their late jobs. */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
alter table dagsmith.worker
  -- The application_name of the database sessions of its process. A worker of a version
  -- without this column has none that could be ended.
  add column session_name text not null default '',
  -- The background jobs of its process that have not come round.
  add column late_loops text[] not null default '{}';
alter table dagsmith.worker alter column session_name drop default;
alter table dagsmith.scheduler add column late_loops text[] not null default '{}'`);
}
