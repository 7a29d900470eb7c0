/** Deployments as people see them, newest first. */
import type { DagSpec } from "../../../sdk/spec/index.ts";
import type { DeploymentKind } from "../dags/deployment.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { AFTER_LAST_ID } from "../database/page_bounds.ts";

/** A deployment in the list of the page, the API and the command line. */
export interface ListedDeployment {
  readonly id: number;
  readonly kind: DeploymentKind;
  /** What the deployer calls it; of a restored deployment, what that one is called. */
  readonly externalId: string | null;
  /** The deployment that it restored. */
  readonly restoredId: number | null;
  readonly actor: string;
  readonly reason: string | null;
  readonly createdAt: Date;
  /** How many DAGs were current after it. */
  readonly dags: number;
  /** How many of them got another version by it, were added or were removed. */
  readonly changed: number;
}

const LISTED = `
select p.id, p.kind, coalesce(p.external_id, restored.external_id) as "externalId",
  p.restored_id as "restoredId", p.actor, p.reason, p.created_at as "createdAt",
  cardinality(p.version_ids) as dags, differences.changed
from dagsmith.deployment p
left join dagsmith.deployment restored on restored.id = p.restored_id
left join lateral (
  select b.version_ids from dagsmith.deployment b where b.id < p.id order by b.id desc limit 1
) before on true
cross join lateral (
  select count(distinct v.dag_id)::int as changed
  from (
    (select unnest(p.version_ids) except select unnest(before.version_ids))
    union all
    (select unnest(before.version_ids) except select unnest(p.version_ids))
  ) as different (id)
  join dagsmith.dag_version v using (id)
) differences`;

const LIST: Statement = {
  name: "deployment_list",
  text: `${LISTED} where p.id < $1 order by p.id desc limit $2`,
};

/** @param before only those with a smaller number; null: from the newest on */
export function listDeployments(
  db: Queryable,
  before: number | null,
  limit: number,
): Promise<readonly ListedDeployment[]> {
  return db.query<ListedDeployment & Record<string, unknown>>(LIST, [
    before ?? AFTER_LAST_ID,
    limit,
  ]);
}

const ONE: Statement = {
  name: "deployment_see",
  text: `${LISTED} where p.id = $1`,
};

/** A deployment by its number. */
export async function getDeployment(
  db: Queryable,
  id: number,
): Promise<ListedDeployment | undefined> {
  return (await db.query<ListedDeployment & Record<string, unknown>>(ONE, [id]))[0];
}

/** A DAG that a deployment changed. */
export interface DeployedChange {
  readonly dagId: string;
  /** The version before; null: the deployment added the DAG. */
  readonly before: number | null;
  /** The version since; null: the deployment removed the DAG. */
  readonly after: number | null;
}

const CHANGES: Statement = {
  name: "deployment_changes",
  text: `
with after as (
  select v.dag_id, v.number from dagsmith.deployment p
  cross join unnest(p.version_ids) as kept (id) join dagsmith.dag_version v on v.id = kept.id
  where p.id = $1
), before as (
  select v.dag_id, v.number from (
    select b.version_ids from dagsmith.deployment b where b.id < $1 order by b.id desc limit 1
  ) b
  cross join unnest(b.version_ids) as kept (id) join dagsmith.dag_version v on v.id = kept.id
)
select dag_id as "dagId", before.number as before, after.number as after
from before full join after using (dag_id)
where before.number is distinct from after.number order by dag_id limit $2`,
};

/** The DAGs that a deployment added, changed or removed, by id. */
export function listDeploymentChanges(
  db: Queryable,
  id: number,
  limit: number,
): Promise<readonly DeployedChange[]> {
  return db.query<DeployedChange & Record<string, unknown>>(CHANGES, [id, limit]);
}

/** A version that a deployment made current. */
export interface VersionOfDeployment {
  readonly dagId: string;
  readonly versionHash: string;
  readonly file: string;
  readonly spec: DagSpec;
}

const VERSIONS: Statement = {
  name: "deployment_versions",
  text: `
select v.dag_id as "dagId", v.hash as "versionHash", v.file, v.spec
from dagsmith.deployment p cross join unnest(p.version_ids) as kept (id)
join dagsmith.dag_version v on v.id = kept.id where p.id = $1 order by v.dag_id`,
};

/** The versions that were current after a deployment. */
export function listVersionsOf(db: Queryable, id: number): Promise<readonly VersionOfDeployment[]> {
  return db.query<VersionOfDeployment & Record<string, unknown>>(VERSIONS, [id]);
}
