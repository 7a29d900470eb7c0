/** Deployments as people see them, newest first. */
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

const LIST: Statement = {
  name: "deployment_list",
  text: `
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
) differences
where p.id < $1
order by p.id desc limit $2`,
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
