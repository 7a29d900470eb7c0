/** Folders that are part of versions. */
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

export async function up(knex: Knex): Promise<void> {
  await knex.raw(FOLDERS);
}
