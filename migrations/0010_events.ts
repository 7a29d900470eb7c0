/** Events that start runs: changes of rows elsewhere, calls of webhooks, ends of other DAGs' runs. */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
-- A source of row changes whose trigger stands in somebody's database.
create table dagsmith.change_watch (
  dag_id text not null references dagsmith.dag on delete cascade,
  name text not null,
  -- What the trigger there says with each change.
  watch_id uuid not null unique default gen_random_uuid(),
  connection text not null,
  schema_name text not null,
  table_name text not null,
  -- Null while the trigger is being put there.
  installed_at timestamptz,
  -- Why changes cannot be read now.
  error text,
  primary key (dag_id, name)
);

-- Changes that made a run and may still lie in the outbox there.
create table dagsmith.change_receipt (
  watch_id uuid not null references dagsmith.change_watch (watch_id) on delete cascade,
  change_id uuid not null,
  primary key (watch_id, change_id)
);

-- Calls that brought a key, so that one that is repeated makes one run.
create table dagsmith.webhook_receipt (
  dag_id text not null references dagsmith.dag on delete cascade,
  name text not null,
  key text not null,
  body_hash text not null,
  run_id bigint not null references dagsmith.dag_run on delete cascade,
  received_at timestamptz not null default now(),
  primary key (dag_id, name, key)
);
create index webhook_receipt_run on dagsmith.webhook_receipt (run_id);

-- Which ends of which DAGs' runs a version waits for.
create table dagsmith.run_listener (
  version_id bigint not null references dagsmith.dag_version on delete cascade,
  dag_id text not null references dagsmith.dag on delete cascade,
  source text not null,
  heard_dag_id text not null,
  states text[] not null check (states <@ array['success', 'failed'] and states <> '{}'),
  primary key (version_id, source, heard_dag_id)
);
create index run_listener_heard on dagsmith.run_listener (heard_dag_id);

-- Ends that wait for a DAG, until a run takes them.
create table dagsmith.run_end (
  id bigint generated always as identity primary key,
  dag_id text not null references dagsmith.dag on delete cascade,
  source text not null,
  run_id bigint not null references dagsmith.dag_run on delete cascade,
  state text not null check (state in ('success', 'failed')),
  at timestamptz not null default clock_timestamp(),
  -- Nobody has looked at it yet.
  is_new boolean not null default true
);
create index run_end_waiting on dagsmith.run_end (dag_id, source, id);
create index run_end_new on dagsmith.run_end (dag_id) where is_new;
create index run_end_run on dagsmith.run_end (run_id);

-- Said by the row itself, whichever code ends a run: an end that is not told is a run that never comes.
create function dagsmith.tell_run_end() returns trigger language plpgsql as $$
begin
  insert into dagsmith.run_end (dag_id, source, run_id, state)
  select l.dag_id, l.source, new.id, new.state from dagsmith.run_listener l
  join dagsmith.dag d on d.dag_id = l.dag_id and d.version_id = l.version_id and d.removed_at is null
  where l.heard_dag_id = new.dag_id and new.state = any(l.states);
  return null;
end $$;
create trigger dag_run_tell_end after update of state on dagsmith.dag_run for each row
when (old.state is distinct from new.state and new.state in ('success', 'failed'))
execute function dagsmith.tell_run_end();

update dagsmith.dag_version set spec = (spec::jsonb || '{"on": []}')::json;
`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
update dagsmith.dag_version set spec = (spec::jsonb - 'on')::json;
drop trigger dag_run_tell_end on dagsmith.dag_run;
drop function dagsmith.tell_run_end();
drop table dagsmith.run_end, dagsmith.run_listener, dagsmith.webhook_receipt, dagsmith.change_receipt, dagsmith.change_watch;
`);
}
