/** Assets: which DAG names which, their updates, and the updates that wait for a DAG's condition to be met. */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
create table dagsmith.asset (
  uri text primary key check (uri ~ '^[!-~]+$' and length(uri) <= 1000),
  name text,
  extra json not null default '{}',
  created_at timestamptz not null default now()
);

-- What the assets of an alias are, learnt from updates.
create table dagsmith.asset_alias (
  uri text not null references dagsmith.asset on delete cascade,
  alias text not null,
  primary key (uri, alias)
);
create index asset_alias_by_alias on dagsmith.asset_alias (alias);

-- Which assets and aliases a version names. Versions never change, so neither do these; those of current versions count.
create table dagsmith.asset_use (
  version_id bigint not null references dagsmith.dag_version on delete cascade,
  dag_id text not null references dagsmith.dag on delete cascade,
  -- What for: its DAG waits for it, a task updates it, a task reads its events.
  role text not null check (role in ('schedule', 'outlet', 'inlet')),
  -- A URI, or the name of an alias.
  target text not null,
  is_alias boolean not null,
  -- Empty for the DAG as a whole.
  task_id text not null default '',
  primary key (version_id, role, target, is_alias, task_id),
  check ((task_id = '') = (role = 'schedule'))
);
create index asset_use_target on dagsmith.asset_use (target, role);

create table dagsmith.asset_event (
  id bigint generated always as identity primary key,
  uri text not null references dagsmith.asset,
  at timestamptz not null default now(),
  extra json not null default '{}',
  -- The task whose success it was; its run may have been deleted since.
  run_id bigint references dagsmith.dag_run on delete set null,
  task_id text,
  map_index integer,
  -- Who said so, when it was no task.
  actor text,
  check ((actor is null) = (task_id is not null)),
  check ((task_id is null) = (map_index is null)),
  check (task_id is not null or run_id is null)
);
create index asset_event_newest on dagsmith.asset_event (uri, id desc);
create index asset_event_run on dagsmith.asset_event (run_id) where run_id is not null;

-- Updates that wait for a DAG, until a run takes them.
create table dagsmith.asset_queue (
  dag_id text not null references dagsmith.dag on delete cascade,
  event_id bigint not null references dagsmith.asset_event on delete cascade,
  uri text not null,
  -- Nobody has looked yet whether it meets the DAG's condition.
  is_new boolean not null default true,
  primary key (dag_id, event_id)
);
create index asset_queue_asset on dagsmith.asset_queue (dag_id, uri);
create index asset_queue_new on dagsmith.asset_queue (dag_id) where is_new;

update dagsmith.dag_version set spec = (spec::jsonb || jsonb_build_object('assets', null, 'assetDetails', '{}'::jsonb, 'tasks',
  (select coalesce(jsonb_agg('{"outlets": [], "inlets": []}'::jsonb || task order by position), '[]'::jsonb)
   from jsonb_array_elements(spec::jsonb -> 'tasks') with ordinality as t (task, position))))::json;
`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
update dagsmith.dag_version set spec = (spec::jsonb - 'assets' - 'assetDetails' || jsonb_build_object('tasks',
  (select coalesce(jsonb_agg(task - 'outlets' - 'inlets' order by position), '[]'::jsonb)
   from jsonb_array_elements(spec::jsonb -> 'tasks') with ordinality as t (task, position))))::json;
drop table dagsmith.asset_queue, dagsmith.asset_event, dagsmith.asset_use, dagsmith.asset_alias, dagsmith.asset;
`);
}
