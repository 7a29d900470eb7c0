/** What a run had before it was given other code or other params: its earlier tries ran with that. */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
create table dagsmith.dag_run_edition (
  run_id bigint not null references dagsmith.dag_run on delete cascade,
  -- Tries that began before this moment, and after the one of the row before, ran with what stands here.
  replaced_at timestamptz not null default now(),
  version_id bigint not null references dagsmith.dag_version,
  params json not null,
  primary key (run_id, replaced_at)
);
`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw("drop table dagsmith.dag_run_edition");
}
