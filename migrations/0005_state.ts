/** State that outlives runs: small values by key. */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
create table dagsmith.state (
  -- 'dag:<dag>', 'task:<dag>/<task>' or 'shared:<name>'.
  scope text not null check (scope ~ '^(dag|task|shared):.'),
  key text not null check (length(key) between 1 and 200),
  value json not null,
  -- 1 for the first value of a key.
  revision int not null default 1 check (revision > 0),
  -- The values before, newest first: {value, revision, updatedAt}.
  earlier json not null default '[]',
  updated_at timestamptz not null default now(),
  -- The task that set the value; its run may be deleted. Null: a person set the value.
  run_id bigint,
  task_id text,
  primary key (scope, key)
)`);
}
