/**
 * Deployments: what was deployed or restored, by whom, and which versions were current
 * after it.
 */
import type { Queryable, Statement } from "../database/database.ts";

export type DeploymentKind = "deploy" | "rollback" | "promote";

/** A deployment, as it is recorded. */
export interface NewDeployment {
  readonly kind: DeploymentKind;
  /** What the deployer calls it, such as a commit. */
  readonly externalId: string | null;
  /** Of what was sent; null when nothing was. */
  readonly digest: string | null;
  /** The deployment that it restores. */
  readonly restoredId: number | null;
  readonly actor: string;
  readonly reason: string | null;
}

/** A deployment that can be restored. */
export interface DeploymentRow {
  readonly id: number;
  readonly externalId: string | null;
  readonly digest: string | null;
}

/** A DAG whose current version a restore has changed. */
export interface RestoredDag {
  readonly dagId: string;
  readonly version: number;
}

const RECORD: Statement = {
  name: "deployment_record",
  text: `
insert into dagsmith.deployment
  (kind, external_id, digest, restored_id, actor, reason, version_ids)
select $1, $2, $3, $4, $5, $6, coalesce(array_agg(version_id order by dag_id), '{}')
from dagsmith.dag where removed_at is null and version_id is not null
returning id`,
};

const COLUMNS = `p.id, p.external_id as "externalId", p.digest`;

// An external id may look like a number, so it is looked up first.
const FIND: Statement = {
  name: "deployment_find",
  text: `
select ${COLUMNS} from dagsmith.deployment p
where p.external_id = $1 or p.id::text = $1
order by (p.external_id = $1) is true desc limit 1`,
};

const BY_ID: Statement = {
  name: "deployment_by_id",
  text: `select ${COLUMNS} from dagsmith.deployment p where p.id = $1`,
};

const BY_EXTERNAL_ID: Statement = {
  name: "deployment_by_external_id",
  text: `select ${COLUMNS} from dagsmith.deployment p where p.external_id = $1`,
};

// A restored deployment counts as the one that it restored, so that a second rollback
// goes one further back. A change of one DAG is no deployment of all.
const BEFORE: Statement = {
  name: "deployment_before",
  text: `
select ${COLUMNS} from dagsmith.deployment p
where p.kind = 'deploy' and p.id < (
  select coalesce(c.restored_id, c.id) from dagsmith.deployment c
  where c.kind = 'deploy' or c.restored_id is not null order by c.id desc limit 1)
order by p.id desc limit 1`,
};

const NEWEST: Statement = {
  name: "deployment_newest",
  text: `
select ${COLUMNS} from dagsmith.deployment p where p.kind = 'deploy' order by p.id desc limit 1`,
};

const LOST: Statement = {
  name: "deployment_lost_versions",
  text: `
select count(*)::int as lost
from dagsmith.deployment p cross join unnest(p.version_ids) as wanted (id)
where p.id = $1
  and not exists (select from dagsmith.dag_version v where v.id = wanted.id)`,
};

const RESTORE: Statement = {
  name: "deployment_restore",
  text: `
with wanted as (
  select v.dag_id, v.id, v.number
  from dagsmith.deployment p cross join unnest(p.version_ids) as kept (id)
  join dagsmith.dag_version v on v.id = kept.id
  where p.id = $1
)
update dagsmith.dag d
set version_id = w.id, removed_at = null, next_run_after = now(), at_capacity = false,
  schedule_error = null
from wanted w
where d.dag_id = w.dag_id and (d.version_id <> w.id or d.removed_at is not null)
returning d.dag_id as "dagId", w.number as version`,
};

const REMOVE_OTHERS: Statement = {
  name: "deployment_remove_others",
  text: `
update dagsmith.dag d set removed_at = now(), next_run_after = null
where d.removed_at is null and d.version_id <> all(
  (select p.version_ids from dagsmith.deployment p where p.id = $1)::bigint[])
returning d.dag_id as "dagId"`,
};

/** Records what is current now. @returns the id of the deployment */
export async function recordDeployment(
  tx: Queryable,
  { kind, externalId, digest, restoredId, actor, reason }: NewDeployment,
): Promise<number> {
  const values = [kind, externalId, digest, restoredId, actor, reason];
  const [row] = await tx.query<{ id: number }>(RECORD, values);
  return Number(row?.id);
}

/** A deployment as it is asked for: by its number, or by what a person has typed. */
export type WhichDeployment =
  | { readonly id: number }
  /** Its external id, else its number. */
  | { readonly name: string };

export async function findDeployment(
  db: Queryable,
  which: WhichDeployment,
): Promise<DeploymentRow | undefined> {
  const found =
    "id" in which
      ? db.query<DeploymentRow & Record<string, unknown>>(BY_ID, [which.id])
      : db.query<DeploymentRow & Record<string, unknown>>(FIND, [which.name]);
  return (await found)[0];
}

const LATEST: Statement = {
  name: "deployment_latest",
  text: "select max(id) as id from dagsmith.deployment",
};

/** The number of the newest deployment, rollback or promotion; null without any. */
export async function latestDeploymentId(db: Queryable): Promise<number | null> {
  const [row] = await db.query<{ id: number | null }>(LATEST, []);
  return row?.id ?? null;
}

export async function deploymentOfExternalId(
  db: Queryable,
  externalId: string,
): Promise<DeploymentRow | undefined> {
  const rows = await db.query<DeploymentRow & Record<string, unknown>>(BY_EXTERNAL_ID, [
    externalId,
  ]);
  return rows[0];
}

/** The deployment of a folder before the one that is current. */
export async function deploymentBefore(db: Queryable): Promise<DeploymentRow | undefined> {
  return (await db.query<DeploymentRow & Record<string, unknown>>(BEFORE, []))[0];
}

/** The newest deployment of a folder. */
export async function newestDeployment(db: Queryable): Promise<DeploymentRow | undefined> {
  return (await db.query<DeploymentRow & Record<string, unknown>>(NEWEST, []))[0];
}

/** How many versions of a deployment retention has deleted. */
export async function lostVersions(db: Queryable, id: number): Promise<number> {
  return (await db.query<{ lost: number }>(LOST, [id]))[0]?.lost ?? 0;
}

/**
 * Makes the versions of a deployment current, and removes the DAGs that it did not have.
 * @returns the DAGs that changed
 */
export async function restoreVersions(
  tx: Queryable,
  id: number,
): Promise<{ readonly restored: readonly RestoredDag[]; readonly removed: readonly string[] }> {
  const restored = await tx.query<RestoredDag & Record<string, unknown>>(RESTORE, [id]);
  const removed = await tx.query<{ dagId: string }>(REMOVE_OTHERS, [id]);
  return { restored, removed: removed.map(({ dagId }) => dagId) };
}
