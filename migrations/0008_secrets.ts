/** Which key has sealed a secret, and which runs and DAGs have read it. */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
-- Null: sealed before keys had ids.
alter table dagsmith.connection add column key_id text;
alter table dagsmith.variable add column key_id text;
-- A secret that a run has read: the audit has one row for each.
create table dagsmith.secret_read (
  run_id bigint not null references dagsmith.dag_run on delete cascade,
  kind text not null check (kind in ('connection', 'variable')),
  id text not null,
  primary key (run_id, kind, id)
);

-- The DAGs that have read a secret, and when one of their runs first did so the last time.
create table dagsmith.secret_use (
  kind text not null check (kind in ('connection', 'variable')),
  id text not null,
  dag_id text not null references dagsmith.dag on delete cascade,
  last_used_at timestamptz not null default now(),
  primary key (kind, id, dag_id)
)`);
}
