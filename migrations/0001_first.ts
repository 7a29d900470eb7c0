/**
 * The first schema. Times are the database's own. Text states are checked here as well as in runtime/state, so that no code path,
 * present or future, can write a row that says two things at once.
 */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
create schema if not exists dagsmith;

-- What ships: an esbuild bundle and its source map, by the hash of the code.
create table dagsmith.bundle (
  hash text primary key,
  code bytea not null,
  source_map bytea not null,
  created_at timestamptz not null default now()
);

create table dagsmith.dag (
  dag_id text primary key,
  -- The version that new runs get; null only between the two inserts of a first deployment.
  version_id bigint,
  is_paused boolean not null default false,
  -- Set when its file no longer declares it; its runs stay.
  removed_at timestamptz,
  -- The schedule's memory: the interval of the last automated run, and when the next one is due (null: never).
  last_interval_start timestamptz,
  last_interval_end timestamptz,
  next_run_after timestamptz,
  -- True while as many runs are active as the DAG allows; the end of a run clears it. Keeps a full DAG out of every tick's way.
  at_capacity boolean not null default false,
  -- Why the schedule stands still, when its timetable threw.
  schedule_error text,
  created_at timestamptz not null default now(),
  check ((last_interval_start is null) = (last_interval_end is null))
);
create index dag_due on dagsmith.dag (next_run_after) where not is_paused and not at_capacity and removed_at is null;

create table dagsmith.dag_version (
  id bigint generated always as identity primary key,
  dag_id text not null references dagsmith.dag,
  -- 1, 2, 3… within the DAG: what people call it by.
  number integer not null,
  hash text not null,
  bundle_hash text not null references dagsmith.bundle,
  -- Relative to the DAG folder.
  file text not null,
  spec json not null,
  -- Task id to {file, line}.
  positions json not null default '{}',
  -- The drawn graph, made once.
  layout json,
  created_at timestamptz not null default now(),
  unique (dag_id, hash),
  unique (dag_id, number)
);
alter table dagsmith.dag add foreign key (version_id) references dagsmith.dag_version;

create table dagsmith.import_error (
  file text primary key,
  line integer,
  code text not null,
  message text not null,
  stack text not null default '',
  happened_at timestamptz not null default now()
);

create table dagsmith.dag_run (
  id bigint generated always as identity primary key,
  dag_id text not null references dagsmith.dag,
  -- Derived from kind and interval, so that a slot can have one run only.
  run_id text not null,
  run_type text not null check (run_type in ('scheduled', 'manual')),
  state text not null default 'queued' check (state in ('queued', 'running', 'success', 'failed')),
  version_id bigint not null references dagsmith.dag_version,
  logical_date timestamptz not null,
  data_interval_start timestamptz not null,
  data_interval_end timestamptz not null,
  run_after timestamptz not null,
  params json not null default '{}',
  queued_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  -- Why it ended as it did, when its tasks alone do not tell.
  reason text,
  -- Tasks with an unfinished instance; 0 ends the run.
  open_tasks integer not null default 0 check (open_tasks >= 0),
  -- Leaves that failed or never could run; 0 at the end means success.
  failed_leaves integer not null default 0,
  unique (dag_id, run_id),
  check (data_interval_start <= data_interval_end),
  check ((finished_at is not null) = (state in ('success', 'failed')))
) with (fillfactor = 80);
create index dag_run_active on dagsmith.dag_run (dag_id, state, id) where state in ('queued', 'running');
create index dag_run_newest on dagsmith.dag_run (dag_id, id desc);

-- Counts that decide when a task may run, and how far a mapped one is. A row exists for each task that has an upstream or is mapped.
create table dagsmith.task_progress (
  run_id bigint not null references dagsmith.dag_run on delete cascade,
  task_id text not null,
  -- Instances of the tasks before this one: how many there are, and how many ended in which state.
  upstream_total integer not null,
  upstream_success integer not null default 0,
  upstream_failed integer not null default 0,
  upstream_skipped integer not null default 0,
  upstream_upstream_failed integer not null default 0,
  -- True once the trigger rule has spoken; it speaks once.
  decided boolean not null default false,
  -- A mapped task's own instances: how many (null before the list is known), how many were let go, how many ended in which state.
  instances integer,
  released integer not null default 0,
  success integer not null default 0,
  failed integer not null default 0,
  skipped integer not null default 0,
  upstream_failed_own integer not null default 0,
  primary key (run_id, task_id)
) with (fillfactor = 50);

create table dagsmith.task_instance (
  id bigint generated always as identity primary key,
  run_id bigint not null references dagsmith.dag_run on delete cascade,
  task_id text not null,
  map_index integer not null default -1,
  state text not null check (state in ('scheduled', 'queued', 'running', 'up_for_retry', 'success', 'failed', 'skipped', 'upstream_failed')),
  try_number integer not null default 1 check (try_number >= 0),
  -- Tries lost to dead workers so far; they do not use up the task's retries.
  lost_tries integer not null default 0,
  -- One element of the list, for a mapped instance.
  item json,
  worker_id text,
  queued_at timestamptz,
  started_at timestamptz,
  finished_at timestamptz,
  -- When the retry is due.
  retry_at timestamptz,
  reason text,
  error json,
  unique (run_id, task_id, map_index),
  check ((finished_at is not null) = (state in ('success', 'failed', 'skipped', 'upstream_failed'))),
  check (state <> 'running' or (started_at is not null and worker_id is not null))
) with (fillfactor = 60);

-- Tries before the current one: the current try lies in task_instance.
create table dagsmith.task_try (
  task_instance_id bigint not null references dagsmith.task_instance on delete cascade,
  try_number integer not null,
  state text not null check (state in ('failed', 'lost')),
  worker_id text,
  started_at timestamptz,
  finished_at timestamptz not null default now(),
  reason text,
  error json,
  primary key (task_instance_id, try_number)
);

-- What tasks leave for each other. json, not jsonb: it keeps the text as written, and takes every character that JSON does.
create table dagsmith.xcom (
  run_id bigint not null references dagsmith.dag_run on delete cascade,
  task_id text not null,
  map_index integer not null,
  key text not null,
  value json not null,
  primary key (run_id, task_id, map_index, key)
);

-- Lines of one try, each chunk a piece of newline-delimited JSON {time, level, source, text}, masked.
create table dagsmith.log_chunk (
  task_instance_id bigint not null references dagsmith.task_instance on delete cascade,
  try_number integer not null,
  seq integer not null,
  lines text not null,
  primary key (task_instance_id, try_number, seq)
);

create table dagsmith.worker (
  id text primary key,
  -- graphile-worker's name for the pool that holds this worker's queue locks.
  pool_id text not null,
  hostname text not null,
  pid integer not null,
  slots integer not null,
  state text not null default 'active' check (state in ('active', 'stopping', 'lost')),
  started_at timestamptz not null default now(),
  heartbeat_at timestamptz not null default now()
);

create table dagsmith.scheduler (
  id text primary key,
  hostname text not null,
  pid integer not null,
  started_at timestamptz not null default now(),
  heartbeat_at timestamptz not null default now()
);

-- AES-256-GCM over JSON; only the id and type can be read without the key.
create table dagsmith.connection (
  id text primary key,
  type text not null,
  secret bytea not null,
  updated_at timestamptz not null default now()
);

create table dagsmith.variable (
  key text primary key,
  secret bytea not null,
  updated_at timestamptz not null default now()
);

-- Who did what: one row per action that a person or a program took.
create table dagsmith.audit (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  actor text not null,
  action text not null,
  dag_id text,
  run_id text,
  detail json not null default '{}'
);
`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw("drop schema if exists dagsmith cascade");
}
