/**
 * Each deployment as a row, with the versions that were current after it, so that all of
 * it can be restored. Chunks are the parts of a deployment that is being uploaded.
 */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
create table dagsmith.deployment (
  id bigint generated always as identity primary key,
  kind text not null check (kind in ('deploy', 'rollback', 'promote')),
  -- What the deployer calls it, such as a commit. A second deployment of the same id
  -- changes nothing.
  external_id text unique check (external_id <> ''),
  -- Of what was sent: the same external id with another digest is refused.
  digest text,
  -- The deployment that was restored; null for a deployment of a folder or of one DAG.
  restored_id bigint references dagsmith.deployment on delete set null,
  actor text not null,
  reason text check (reason <> ''),
  -- The current version of each DAG after it.
  version_ids bigint[] not null,
  created_at timestamptz not null default now(),
  check ((digest is not null) = (kind = 'deploy')),
  check (external_id is null or kind = 'deploy'),
  check (restored_id is null or kind <> 'deploy')
)`);
  await knex.raw("create index deployment_restored on dagsmith.deployment (restored_id)");
  await knex.raw("alter table dagsmith.dag_version add column external_id text");
  await knex.raw(`
create table dagsmith.deployment_chunk (
  -- Hex SHA-256 of the content.
  hash text primary key,
  content bytea not null,
  created_at timestamptz not null default now()
)`);
  await knex.raw(`
insert into dagsmith.deployment (kind, digest, actor, reason, version_ids)
select 'deploy', '', 'dagsmith', 'What was current before deployments were recorded',
  array_agg(version_id order by dag_id)
from dagsmith.dag where removed_at is null and version_id is not null
having count(*) > 0`);
}
