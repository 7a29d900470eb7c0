/**
 * Deletes versions that were replaced long ago and that no run, backfill or rollback
 * needs, the deployments that nothing can restore any more, the bundles that no version
 * names any more, and the folders of these bundles.
 */
import { LOCK_NUMBER } from "../dags/deploy.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { countOf, isOlder, ROWS_AT_ONCE } from "./delete_some.ts";

// A deployment may name a bundle that is stored already. During a deployment, nothing is
// deleted.
const LOCK: Statement = {
  name: "retention_deploy_lock",
  text: `select pg_try_advisory_xact_lock(${LOCK_NUMBER}) as "isFree"`,
};

// The two newest deployments of a folder stay: the current one, and the one to which a
// rollback returns. The age counts from the deployment after the next one.
const EXPIRED_DEPLOYMENT = `(
  select ${isOlder("n.created_at")} from dagsmith.deployment n
  where n.id > p.id and n.kind = 'deploy' order by n.id offset 1 limit 1) is true`;

// The current version stays, and the one before it, to which `dag rollback` returns. The
// age counts from the next version: until then this version created runs.
const UNUSED = `
select v.id from dagsmith.dag_version v
join dagsmith.dag d using (dag_id)
join dagsmith.dag_version current on current.id = d.version_id
where v.id <> current.id
  and v.number is distinct from (
    select max(o.number) from dagsmith.dag_version o
    where o.dag_id = v.dag_id and o.number < current.number)
  and (
    select ${isOlder("o.created_at")} from dagsmith.dag_version o
    where o.dag_id = v.dag_id and o.number > v.number order by o.number limit 1)
  and not exists (select from dagsmith.dag_run r where r.version_id = v.id)
  and not exists (select from dagsmith.dag_run_generation g where g.version_id = v.id)
  and not exists (select from dagsmith.backfill b where b.version_id = v.id)
  and not exists (
    select from dagsmith.deployment p cross join unnest(p.version_ids) as kept (id)
    where kept.id = v.id and not ${EXPIRED_DEPLOYMENT})`;

const DELETE_DEPLOYMENTS: Statement = {
  name: "retention_delete_deployments",
  text: `
delete from dagsmith.deployment where id in (
  select p.id from dagsmith.deployment p where ${EXPIRED_DEPLOYMENT} order by p.id limit $2)`,
};

const DELETE: Statement = {
  name: "retention_delete_versions",
  text: `
with gone as (
  delete from dagsmith.dag_version where id in (${UNUSED} order by v.id limit $2) returning 1
)
select count(*)::int as rows from gone`,
};

const DELETE_BUNDLES: Statement = {
  name: "retention_delete_bundles",
  text: `
with gone as (
  delete from dagsmith.bundle where hash in (
    select hash from dagsmith.bundle b
    where ${isOlder("b.created_at")}
      and not exists (select from dagsmith.dag_version v where v.bundle_hash = b.hash)
    limit $2)
  returning 1
)
select count(*)::int as rows from gone`,
};

const DELETE_FOLDERS: Statement = {
  name: "retention_delete_folders",
  text: `
delete from dagsmith.folder where hash in (
  select hash from dagsmith.folder f
  where not exists (select from dagsmith.bundle_folder b where b.folder_hash = f.hash)
  limit $1)`,
};

const COUNT: Statement = {
  name: "retention_version_count",
  text: `select count(*)::int as rows from (${UNUSED}) unused`,
};

/** Deletes up to `limit` versions and their bundles. @returns how many versions */
export async function deleteSomeVersions(
  tx: Queryable,
  ageMs: number,
  limit: number,
): Promise<number> {
  const [lock] = await tx.query<{ isFree: boolean }>(LOCK);
  if (!lock?.isFree) return 0;
  const versions = await countOf(tx, DELETE, [ageMs, limit]);
  await tx.query(DELETE_DEPLOYMENTS, [ageMs, ROWS_AT_ONCE]);
  await tx.query(DELETE_BUNDLES, [ageMs, limit]);
  await tx.query(DELETE_FOLDERS, [limit]);
  return versions;
}

export const countVersions = (db: Queryable, ageMs: number): Promise<number> =>
  countOf(db, COUNT, [ageMs]);
