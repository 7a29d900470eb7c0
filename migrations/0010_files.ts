/** Folders that are part of versions, and files that tasks store. */
import type { Knex } from "knex";

const FOLDERS = `
-- A folder that a DAG file declares, packed, by the hash of its contents.
create table dagsmith.folder (
  hash text primary key check (hash ~ '^[0-9a-f]{64}$'),
  archive bytea not null
);

create table dagsmith.bundle_folder (
  bundle_hash text not null references dagsmith.bundle on delete cascade,
  folder_hash text not null references dagsmith.folder,
  primary key (bundle_hash, folder_hash)
);
create index bundle_folder_of on dagsmith.bundle_folder (folder_hash);
`;

const FILES = `
-- A file that a task stores, in the store of large values. The row is committed before the
-- bytes are written, so that every object can be found and deleted.
create table dagsmith.task_file (
  -- Its name in the store.
  object text primary key check (object ~ '^[0-9a-f-]{36}$'),
  -- Null: the run was deleted, and the object is to be deleted.
  run_id bigint references dagsmith.dag_run on delete set null,
  task_id text not null,
  -- -1 for a task that is not mapped.
  map_index integer not null,
  try_number integer not null check (try_number > 0),
  name text not null check (length(name) between 1 and 200),
  content_type text not null,
  -- Null until all bytes are written.
  bytes bigint check (bytes >= 0),
  sha256 text check (sha256 ~ '^[0-9a-f]{64}$'),
  -- claimed: the bytes are being written. kept: tasks may read the file. released: the
  -- object is to be deleted.
  state text not null default 'claimed' check (state in ('claimed', 'kept', 'released')),
  created_at timestamptz not null default now(),
  check ((bytes is null) = (sha256 is null)),
  check (state <> 'kept' or bytes is not null)
);
create index task_file_of on dagsmith.task_file (run_id, task_id, map_index);
create unique index task_file_name on dagsmith.task_file (run_id, task_id, map_index, name)
  where state = 'kept';
create index task_file_contents on dagsmith.task_file (sha256) where state = 'kept';
create index task_file_unkept on dagsmith.task_file (created_at)
  where state <> 'kept' or run_id is null;
`;

export async function up(knex: Knex): Promise<void> {
  await knex.raw(FOLDERS + FILES);
}
