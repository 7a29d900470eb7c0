/**
 * The first schema: every table, index, trigger and function once. All times come from
 * the database's clock. Checks repeat the rules of runtime/state, so that no code can
 * write a row that contradicts itself.
 *
 * The JSON columns are `json`, not `jsonb`: `json` keeps the text as it was written and
 * takes every character that JSON allows.
 */
import type { Knex } from "knex";

const DAGS = `
-- The code of a DAG file as it is deployed: an esbuild bundle and its source map, by the
-- hash of the code.
create table dagsmith.bundle (
  hash text primary key,
  code bytea not null,
  source_map bytea not null,
  created_at timestamptz not null default now()
);

create table dagsmith.dag (
  dag_id text primary key,
  -- The version of new runs; null only between the two inserts of a first deployment.
  version_id bigint,
  is_paused boolean not null default false,
  -- Why dagsmith paused the DAG; null when a person paused it.
  pause_reason text,
  -- Start and end of the last pause. A paused DAG has an unpaused_at before its
  -- paused_at, or none.
  paused_at timestamptz,
  unpaused_at timestamptz,
  -- Set when no file declares the DAG any more; its runs stay.
  removed_at timestamptz,
  -- The earliest next_run_after of its schedules, for which the scheduler looks; null:
  -- never.
  next_run_after timestamptz,
  -- True while the DAG has as many active runs as it allows; the end of a run clears it.
  -- The scheduler's index leaves such DAGs out.
  at_capacity boolean not null default false,
  -- Since when its schedules wait for capacity; null when the scheduler last found some.
  full_since timestamptz,
  -- The error of its timetable; the schedule stands still meanwhile.
  schedule_error text,
  created_at timestamptz not null default now(),
  check (pause_reason is null or is_paused)
);
create index dag_due on dagsmith.dag (next_run_after)
  where not is_paused and not at_capacity and removed_at is null;

create table dagsmith.dag_version (
  id bigint generated always as identity primary key,
  dag_id text not null references dagsmith.dag,
  -- 1, 2, 3… within the DAG, as shown to people.
  number integer not null,
  hash text not null,
  bundle_hash text not null references dagsmith.bundle,
  -- Relative to the DAG folder.
  file text not null,
  spec json not null,
  -- Task id to {file, line}.
  positions json not null default '{}',
  -- The layout of the graph, computed once.
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

-- What a schedule remembers. A row stays when the DAG's version no longer has a schedule
-- of this name: the schedule may come back.
create table dagsmith.dag_schedule (
  dag_id text not null references dagsmith.dag on delete cascade,
  -- Empty for the only schedule of a DAG.
  name text not null,
  -- The interval of the last scheduled run.
  last_interval_start timestamptz,
  last_interval_end timestamptz,
  -- When the next run is due; null: never.
  next_run_after timestamptz,
  -- The error of its timetable; the schedule stands still meanwhile.
  error text,
  -- Stretches of intervals before the last run that still need a run, newest first. A
  -- catchup that begins with the newest interval leaves them.
  gaps json not null default '[]',
  -- The intervals skipped since the last run, in the form of their row in dagsmith.schedule_decision.
  skipped json,
  primary key (dag_id, name),
  check ((last_interval_start is null) = (last_interval_end is null))
) with (fillfactor = 80);

-- What the scheduler decided for each interval of a schedule. Each run has its own row;
-- consecutive intervals that were skipped for the same reason share one.
create table dagsmith.schedule_decision (
  dag_id text not null references dagsmith.dag on delete cascade,
  -- Empty for the only schedule of a DAG.
  schedule text not null,
  decision text not null check (decision in ('run', 'skipped')),
  reason text check (reason in ('catchup', 'paused', 'max_active_runs')),
  -- Number of intervals; null: more than the scheduler counts.
  count integer check (count > 0),
  logical_date timestamptz not null,
  last_logical_date timestamptz not null,
  -- From the start of the first interval to the end of the last.
  data_interval_start timestamptz not null,
  data_interval_end timestamptz not null,
  run_after timestamptz not null,
  last_run_after timestamptz not null,
  run_id text,
  decided_at timestamptz not null default now(),
  primary key (dag_id, schedule, logical_date),
  check (
    logical_date <= last_logical_date and data_interval_start <= data_interval_end
    and run_after <= last_run_after),
  check ((decision = 'run') = (run_id is not null)),
  check ((decision = 'skipped') = (reason is not null)),
  check (decision = 'skipped' or (count = 1 and logical_date = last_logical_date))
);
create index schedule_decision_newest on dagsmith.schedule_decision (dag_id, last_logical_date desc, schedule);
`;

const RUNS = `
create table dagsmith.backfill (
  id bigint generated always as identity primary key,
  dag_id text not null references dagsmith.dag,
  -- The schedule at the time the backfill was created: a later deployment does not change
  -- the plan.
  schedule_name text not null,
  schedule json not null,
  from_date timestamptz not null,
  to_date timestamptz not null,
  reprocess text not null check (reprocess in ('none', 'failed', 'completed')),
  backwards boolean not null,
  max_active_runs integer not null check (max_active_runs > 0),
  -- The complete params of new runs.
  params json not null,
  -- The params a person gave; a cleared run gets these too.
  given_params json not null,
  labels json not null,
  -- original: new runs get the version below, cleared runs keep theirs. latest: both get
  -- the version that is deployed then.
  code text not null check (code in ('original', 'latest')),
  version_id bigint not null references dagsmith.dag_version,
  state text not null default 'running'
    check (state in ('running', 'paused', 'completed', 'cancelled')),
  created_by text not null,
  created_at timestamptz not null default now(),
  ended_at timestamptz,
  check (from_date <= to_date),
  check ((ended_at is not null) = (state in ('completed', 'cancelled')))
);
create unique index backfill_one_active on dagsmith.backfill (dag_id) where ended_at is null;
create index backfill_newest on dagsmith.backfill (dag_id, id desc);

create table dagsmith.dag_run (
  id bigint generated always as identity primary key,
  dag_id text not null references dagsmith.dag,
  -- Derived from the run type and the interval, so that an interval has one run of a type
  -- only.
  run_id text not null,
  run_type text not null
    check (run_type in ('scheduled', 'manual', 'backfill', 'asset_triggered', 'event_triggered')),
  state text not null default 'queued' check (state in ('queued', 'running', 'success', 'failed')),
  version_id bigint not null references dagsmith.dag_version,
  -- The schedule that created the run; null for a run without one.
  schedule text,
  logical_date timestamptz not null,
  data_interval_start timestamptz not null,
  data_interval_end timestamptz not null,
  run_after timestamptz not null,
  -- The partition of the run, for schedules with partitions.
  partition_key text,
  params json not null default '{}',
  -- The event or the assets that started the run, as tasks read it.
  trigger json,
  -- The backfill whose limit counts the run, in place of the DAG's limit.
  backfill_id bigint references dagsmith.backfill on delete set null,
  -- The ordinal of the run in the backfill that ran it last; 1 is the first.
  backfill_ordinal integer check (backfill_ordinal > 0),
  -- How often the run was reopened after it had ended.
  generation integer not null default 0 check (generation >= 0),
  queued_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  -- When the run times out; null: never.
  timeout_at timestamptz,
  -- Why the run ended, where the states of its tasks do not explain it.
  reason text,
  -- Tasks with an unfinished instance; 0 ends the run.
  open_tasks integer not null default 0 check (open_tasks >= 0),
  -- Leaves that failed or could never run; 0 at the end means success.
  failed_leaves integer not null default 0,
  -- Tasks that failed and were allowed to.
  warnings integer not null default 0 check (warnings >= 0),
  note text,
  unique (dag_id, run_id),
  check (data_interval_start <= data_interval_end),
  check ((finished_at is not null) = (state in ('success', 'failed'))),
  check (backfill_id is null or backfill_ordinal is not null),
  check (timeout_at is null or started_at is not null)
) with (fillfactor = 80);
create index dag_run_active on dagsmith.dag_run (dag_id, state, id)
  where state in ('queued', 'running');
create index dag_run_newest on dagsmith.dag_run (dag_id, id desc);
-- Failed runs are rare, and people look for them.
create index dag_run_failed on dagsmith.dag_run (dag_id, id desc) where state = 'failed';
-- The run before a run, for tasks that depend on their past.
create index dag_run_logical_date on dagsmith.dag_run (dag_id, logical_date);
-- An interval of a schedule runs once, of whatever run type: the run id without its type
-- names the interval.
create unique index dag_run_interval
  on dagsmith.dag_run (dag_id, (substr(run_id, strpos(run_id, '__'))))
  where schedule is not null;
create index dag_run_backfill on dagsmith.dag_run (backfill_id, backfill_ordinal)
  where backfill_id is not null and state in ('queued', 'running');
create index dag_run_overdue on dagsmith.dag_run (timeout_at)
  where state = 'running' and timeout_at is not null;

-- The plan of a backfill: one row for each interval of its range.
create table dagsmith.backfill_run (
  backfill_id bigint not null references dagsmith.backfill on delete cascade,
  -- 1, 2, 3… in the order of execution.
  ordinal integer not null check (ordinal > 0),
  logical_date timestamptz not null,
  data_interval_start timestamptz not null,
  data_interval_end timestamptz not null,
  run_after timestamptz not null,
  decision text not null check (decision in ('run', 'skip')),
  -- Why the interval is skipped.
  reason text,
  -- The run that was created or cleared for the interval; for a skipped interval the run
  -- that caused the skip. Null until then.
  run_id bigint references dagsmith.dag_run on delete set null,
  primary key (backfill_id, ordinal),
  check ((decision = 'skip') = (reason is not null))
);
create index backfill_run_waiting on dagsmith.backfill_run (backfill_id, ordinal)
  where decision = 'run' and run_id is null;
create index backfill_run_run on dagsmith.backfill_run (run_id) where run_id is not null;

create table dagsmith.dag_run_label (
  run_id bigint not null references dagsmith.dag_run on delete cascade,
  key text not null check (key ~ '^[A-Za-z0-9_.-]{1,63}$'),
  value text not null check (length(value) <= 200),
  primary key (run_id, key)
);
create index dag_run_label_search on dagsmith.dag_run_label (key, value, run_id desc);

-- The version and the params of a run before each change of them: earlier tries ran with
-- these.
create table dagsmith.dag_run_generation (
  run_id bigint not null references dagsmith.dag_run on delete cascade,
  -- The row holds for tries that began before this time and after that of the previous row.
  replaced_at timestamptz not null default now(),
  version_id bigint not null references dagsmith.dag_version,
  params json not null,
  primary key (run_id, replaced_at)
);

-- The time by which a run must succeed. The row is deleted when the run succeeds or
-- misses it.
create table dagsmith.deadline (
  run_id bigint not null references dagsmith.dag_run on delete cascade,
  ordinal integer not null check (ordinal >= 0),
  due_at timestamptz not null,
  primary key (run_id, ordinal)
);
create index deadline_due on dagsmith.deadline (due_at);
`;

const INSTANCES = `
-- Counts that decide when a task may run, and how far a mapped task is. A task has a row
-- when it has an upstream task or is mapped. A task within a mapped group has a row for
-- each map index of the group.
create table dagsmith.task_counter (
  run_id bigint not null references dagsmith.dag_run on delete cascade,
  task_id text not null,
  -- -1 outside of mapped groups.
  map_index integer not null default -1,
  -- Instances of the upstream tasks: the total, and the finished ones by state. A removed
  -- instance of a mapped task leaves the total instead.
  upstream_total integer not null,
  upstream_success integer not null default 0,
  upstream_failed integer not null default 0,
  upstream_skipped integer not null default 0,
  upstream_upstream_failed integer not null default 0,
  upstream_removed integer not null default 0,
  -- True once the trigger rule has decided; it decides once.
  decided boolean not null default false,
  -- The task's own instances when it is mapped: the total (null before the list is
  -- known), how many were released, and the finished ones by state. A group counts the
  -- instances of its tasks; those that do not affect the state of the group count as
  -- removed.
  instances integer,
  released integer not null default 0,
  own_success integer not null default 0,
  own_failed integer not null default 0,
  own_skipped integer not null default 0,
  own_upstream_failed integer not null default 0,
  own_removed integer not null default 0,
  primary key (run_id, task_id, map_index)
) with (fillfactor = 50);

-- No index over state or times: nearly every update would have to change it (PostgreSQL's
-- HOT updates need unchanged indexed columns). What waits has rows in tables of its own:
-- slot requests, task_wait, queue jobs.
create table dagsmith.task_instance (
  id bigint generated always as identity primary key,
  run_id bigint not null references dagsmith.dag_run on delete cascade,
  task_id text not null,
  map_index integer not null default -1,
  state text not null check (state in (
    'none', 'scheduled', 'queued', 'running', 'up_for_retry', 'up_for_reschedule', 'deferred',
    'success', 'failed', 'skipped', 'upstream_failed', 'removed')),
  try_number integer not null default 1 check (try_number >= 0),
  -- Tries before the last clear; they use up no retry.
  cleared_tries integer not null default 0,
  -- Tries lost to dead workers; they use up no retry.
  lost_tries integer not null default 0,
  -- Pokes of the current try.
  pokes integer not null default 0 check (pokes >= 0),
  -- The item of the list, for an instance of a mapped task.
  item json,
  -- The name shown for an instance of a mapped task, next to its map index.
  label text,
  worker_id text,
  queued_at timestamptz,
  -- Start of the first try; time-outs over all tries count from here.
  first_started_at timestamptz,
  started_at timestamptz,
  finished_at timestamptz,
  -- When the retry is due.
  retry_at timestamptz,
  reason text,
  error json,
  unique (run_id, task_id, map_index),
  check ((finished_at is not null) = (
    state in ('success', 'failed', 'skipped', 'upstream_failed', 'removed'))),
  check (state <> 'running' or (started_at is not null and worker_id is not null)),
  check (cleared_tries between 0 and try_number),
  check (label is null or (map_index >= 0 and length(label) between 1 and 200))
) with (fillfactor = 60);

-- Tries before the current one; the current try is in task_instance. A cleared try keeps
-- its state, whatever that is.
create table dagsmith.task_try (
  task_instance_id bigint not null references dagsmith.task_instance on delete cascade,
  try_number integer not null,
  state text not null check (state in ('failed', 'lost', 'success', 'skipped', 'upstream_failed')),
  worker_id text,
  started_at timestamptz,
  finished_at timestamptz not null default now(),
  reason text,
  error json,
  primary key (task_instance_id, try_number)
);

-- Callbacks to run. The transaction of the event inserts the row and its queue job.
create table dagsmith.callback (
  id bigint generated always as identity primary key,
  run_id bigint not null references dagsmith.dag_run on delete cascade,
  -- Null: a callback of the run.
  task_instance_id bigint references dagsmith.task_instance on delete cascade,
  try_number integer,
  event text not null
    check (event in ('onSuccess', 'onFailure', 'onRetry', 'onSkipped', 'deadline')),
  -- The index of the deadline within the DAG.
  ordinal integer not null default 0,
  -- The reason and the error of the event.
  reason text,
  error json,
  state text not null default 'queued' check (state in ('queued', 'running', 'success', 'failed')),
  attempts integer not null default 0,
  worker_id text,
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  -- The log of a run's callback; that of a task's callback is in the log of the try.
  lines text not null default '',
  -- The error of the callback itself.
  failure text,
  check ((task_instance_id is null) = (try_number is null)),
  check ((finished_at is not null) = (state in ('success', 'failed')))
);
create index callback_run on dagsmith.callback (run_id, id);
create index callback_instance on dagsmith.callback (task_instance_id)
  where task_instance_id is not null;
`;

const WAITS = `
-- Tasks whose trigger rule is met and which wait for the same task in the previous run.
-- They have no instance yet.
create table dagsmith.depends_on_past_wait (
  run_id bigint not null references dagsmith.dag_run on delete cascade,
  task_id text not null,
  since timestamptz not null default now(),
  primary key (run_id, task_id)
);

-- One row for each instance that is up_for_reschedule or deferred. The rows of instances
-- that were stopped in the meantime are swept.
create table dagsmith.task_wait (
  task_instance_id bigint primary key references dagsmith.task_instance on delete cascade,
  try_number integer not null,
  run_id bigint not null,
  -- group_retry: the next try of a group is due. group_timeout: the time limit of a group.
  kind text not null
    check (kind in ('poke', 'time', 'run', 'event', 'group_retry', 'group_timeout')),
  -- run, event: when the wait times out. Other kinds: when the wait ends.
  due_at timestamptz not null,
  -- True: a time-out skips the task. False: a time-out fails the task.
  soft_fail boolean not null default false,
  event text,
  dag_id text,
  -- Null: the whole run.
  task_id text,
  logical_date timestamptz,
  -- poke: how the instance returns to a worker. reservations: the slots it needs first; null
  -- for none.
  queue text,
  weight integer not null default 1,
  reservations text,
  check ((kind = 'event') = (event is not null)),
  check ((kind = 'run') = (dag_id is not null and logical_date is not null)),
  check (kind = 'run' or task_id is null)
) with (fillfactor = 70);
create index task_wait_due on dagsmith.task_wait (due_at);
create index task_wait_run on dagsmith.task_wait (task_instance_id) where kind = 'run';
create index task_wait_event on dagsmith.task_wait (run_id, event) where kind = 'event';

-- Events sent to a run, with or without a task that waits for them.
create table dagsmith.run_event (
  run_id bigint not null references dagsmith.dag_run on delete cascade,
  name text not null,
  value json not null,
  at timestamptz not null default now(),
  primary key (run_id, name)
);
`;

const LIMITS = `
create table dagsmith.pool (
  name text primary key check (name ~ '^[A-Za-z0-9_.-]{1,100}$'),
  -- -1: no limit; 0: closed.
  slots integer not null check (slots between -1 and 1000000),
  description text not null default '' check (length(description) <= 1000),
  updated_at timestamptz not null default now()
);

-- One row for each instance under limits: while it waits for slots (admitted_at is null),
-- and later while it holds them. Slots are never a number that goes up and down, which
-- could drift: a row counts only while its instance is queued or running.
create table dagsmith.slot_request (
  instance_id bigint primary key references dagsmith.task_instance on delete cascade,
  try_number integer not null,
  -- JSON: [name, slots, limit, per ms] for each limit. Instances with equal text wait in
  -- one queue.
  reservations text collate "C" not null check (octet_length(reservations) between 3 and 2500),
  weight integer not null,
  logical_date timestamptz,
  map_index integer not null,
  queue text,
  not_before timestamptz not null default now(),
  admitted_at timestamptz
) with (fillfactor = 70);
create index slot_request_waiting
  on dagsmith.slot_request (reservations, weight desc, logical_date, map_index, instance_id)
  where admitted_at is null;
create index slot_request_granted on dagsmith.slot_request (reservations) where admitted_at is not null;

-- Starts counted against a rate: an admitted instance counts while it is queued at this
-- try, and after its start until the window ends.
create table dagsmith.rate_start (
  id bigint generated always as identity primary key,
  name text collate "C" not null,
  instance_id bigint not null references dagsmith.task_instance on delete cascade,
  try_number integer not null,
  per_ms bigint not null check (per_ms > 0)
);
create index rate_start_name on dagsmith.rate_start (name);
create index rate_start_instance on dagsmith.rate_start (instance_id);
`;

const VALUES = `
-- A file in the folder of large values. The row is committed before the file is written,
-- so that every file can be found and deleted.
create table dagsmith.xcom_file (
  name text primary key check (name ~ '^[0-9a-f-]{36}$'),
  bytes bigint not null check (bytes > 0),
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  -- claimed: no value names the file yet. kept: a value names it. released: that value is
  -- gone, and the file is to be deleted.
  state text not null default 'claimed' check (state in ('claimed', 'kept', 'released')),
  created_at timestamptz not null default now()
);
create index xcom_file_unkept on dagsmith.xcom_file (created_at) where state <> 'kept';

-- Values that tasks leave for other tasks: in the row, or in a file when they are large.
create table dagsmith.xcom (
  run_id bigint not null references dagsmith.dag_run on delete cascade,
  task_id text not null,
  map_index integer not null,
  key text not null,
  value json,
  file text,
  primary key (run_id, task_id, map_index, key),
  check ((value is null) = (file is not null))
);

-- A value is deleted in many ways: its try is cleared, it is pushed again, its run is
-- deleted. A trigger sees all of them, so that no file is left behind.
create function dagsmith.update_xcom_file() returns trigger language plpgsql as $body$
begin
  if tg_op <> 'INSERT' then
    update dagsmith.xcom_file set state = 'released' where name = old.file;
  end if;
  if tg_op <> 'DELETE' then
    update dagsmith.xcom_file set state = 'kept' where name = new.file;
  end if;
  return null;
end
$body$;
create trigger xcom_file_inserted after insert on dagsmith.xcom
  for each row when (new.file is not null) execute function dagsmith.update_xcom_file();
create trigger xcom_file_updated after update on dagsmith.xcom
  for each row when (old.file is distinct from new.file)
  execute function dagsmith.update_xcom_file();
create trigger xcom_file_deleted after delete on dagsmith.xcom
  for each row when (old.file is not null) execute function dagsmith.update_xcom_file();

-- The log of one try in chunks: newline-delimited JSON {time, level, source, text}, masked.
create table dagsmith.log_chunk (
  task_instance_id bigint not null references dagsmith.task_instance on delete cascade,
  try_number integer not null,
  seq integer not null,
  lines text not null,
  primary key (task_instance_id, try_number, seq)
);
`;

const ASSETS = `
create table dagsmith.asset (
  uri text primary key check (uri ~ '^[!-~]+$' and length(uri) <= 1000),
  name text,
  extra json not null default '{}',
  created_at timestamptz not null default now()
);

-- The assets of an alias, learnt from updates.
create table dagsmith.asset_alias (
  uri text not null references dagsmith.asset on delete cascade,
  alias text not null,
  primary key (uri, alias)
);
create index asset_alias_by_alias on dagsmith.asset_alias (alias);

-- The assets and aliases that a version names. A version never changes, and neither do
-- its rows; only those of current versions count.
create table dagsmith.asset_use (
  version_id bigint not null references dagsmith.dag_version on delete cascade,
  dag_id text not null references dagsmith.dag on delete cascade,
  -- schedule: the DAG waits for the asset. outlet: a task updates it. inlet: a task reads
  -- its events.
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
  -- The task whose success updated the asset; run_id is null once the run is deleted.
  run_id bigint references dagsmith.dag_run on delete set null,
  task_id text,
  map_index integer,
  -- The person or program that reported the update, when no task made it.
  actor text,
  check ((actor is null) = (task_id is not null)),
  check ((task_id is null) = (map_index is null)),
  check (task_id is not null or run_id is null)
);
create index asset_event_newest on dagsmith.asset_event (uri, id desc);
create index asset_event_run on dagsmith.asset_event (run_id) where run_id is not null;

-- Updates for which a DAG waits and which none of its runs has consumed.
create table dagsmith.asset_queue (
  dag_id text not null references dagsmith.dag on delete cascade,
  event_id bigint not null references dagsmith.asset_event on delete cascade,
  uri text not null,
  -- True until the scheduler has checked the DAG's condition with it.
  is_new boolean not null default true,
  primary key (dag_id, event_id)
);
create index asset_queue_asset on dagsmith.asset_queue (dag_id, uri);
create index asset_queue_new on dagsmith.asset_queue (dag_id) where is_new;
`;

const EVENTS = `
-- A source of row changes: a trigger that dagsmith installs in another database.
create table dagsmith.change_subscription (
  dag_id text not null references dagsmith.dag on delete cascade,
  name text not null,
  -- The trigger there writes this id with each change.
  subscription_id uuid not null unique default gen_random_uuid(),
  connection text not null,
  schema_name text not null,
  table_name text not null,
  -- Null until the trigger is installed.
  installed_at timestamptz,
  -- Why changes cannot be read now.
  error text,
  primary key (dag_id, name)
);

-- Changes that created a run and may still be in the outbox of the other database.
create table dagsmith.change_delivery (
  subscription_id uuid not null references dagsmith.change_subscription (subscription_id) on delete cascade,
  change_id uuid not null,
  primary key (subscription_id, change_id)
);

-- Webhook calls with an idempotency key, so that a repeated call creates one run.
create table dagsmith.webhook_delivery (
  dag_id text not null references dagsmith.dag on delete cascade,
  name text not null,
  key text not null,
  body_hash text not null,
  run_id bigint not null references dagsmith.dag_run on delete cascade,
  received_at timestamptz not null default now(),
  primary key (dag_id, name, key)
);
create index webhook_delivery_run on dagsmith.webhook_delivery (run_id);

-- The DAGs whose run ends a version waits for, and the states it waits for.
create table dagsmith.run_listener (
  version_id bigint not null references dagsmith.dag_version on delete cascade,
  dag_id text not null references dagsmith.dag on delete cascade,
  source text not null,
  source_dag_id text not null,
  states text[] not null check (states <@ array['success', 'failed'] and states <> '{}'),
  primary key (version_id, source, source_dag_id)
);
create index run_listener_source on dagsmith.run_listener (source_dag_id);

-- Run ends for which a DAG waits and which none of its runs has consumed.
create table dagsmith.run_end (
  id bigint generated always as identity primary key,
  dag_id text not null references dagsmith.dag on delete cascade,
  source text not null,
  run_id bigint not null references dagsmith.dag_run on delete cascade,
  state text not null check (state in ('success', 'failed')),
  at timestamptz not null default clock_timestamp(),
  -- True until the scheduler has read it.
  is_new boolean not null default true
);
create index run_end_waiting on dagsmith.run_end (dag_id, source, id);
create index run_end_new on dagsmith.run_end (dag_id) where is_new;
create index run_end_run on dagsmith.run_end (run_id);

-- A trigger, because several statements end a run: an end without a row here is a run
-- that is never created.
create function dagsmith.record_run_end() returns trigger language plpgsql as $$
begin
  insert into dagsmith.run_end (dag_id, source, run_id, state)
  select l.dag_id, l.source, new.id, new.state from dagsmith.run_listener l
  join dagsmith.dag d
    on d.dag_id = l.dag_id and d.version_id = l.version_id and d.removed_at is null
  where l.source_dag_id = new.dag_id and new.state = any(l.states);
  return null;
end $$;
create trigger dag_run_record_end after update of state on dagsmith.dag_run for each row
when (old.state is distinct from new.state and new.state in ('success', 'failed'))
execute function dagsmith.record_run_end();
`;

const FLEET = `
create table dagsmith.worker (
  id text primary key,
  -- graphile-worker's name for the pool that holds this worker's queue locks.
  pool_id text not null,
  hostname text not null,
  pid integer not null,
  slots integer not null,
  -- The queues that the worker serves.
  queues text[] not null default '{default}' check (cardinality(queues) > 0),
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
`;

const ACCESS = `
-- AES-256-GCM over JSON; without the key only the id and the type can be read.
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

-- One row for each action of a person or a program.
create table dagsmith.audit (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  actor text not null,
  action text not null,
  dag_id text,
  run_id text,
  detail json not null default '{}'
);
create index audit_newest on dagsmith.audit (dag_id, id desc);
`;

/** The order counts: a table comes after those that it references. */
const SCHEMA = [DAGS, RUNS, INSTANCES, WAITS, LIMITS, VALUES, ASSETS, EVENTS, FLEET, ACCESS];

export async function up(knex: Knex): Promise<void> {
  await knex.raw(SCHEMA.join("\n"));
}
