/**
 * Assets as people list them: the tasks that update and read them, the DAGs that wait for
 * them, and their last update.
 */
import type { Json } from "../../../sdk/json.ts";
import type { Queryable, Statement } from "../database/database.ts";

export interface AssetOverview {
  readonly uri: string;
  readonly name: string | null;
  readonly extra: Json;
  /** Tasks that update it. */
  readonly producers: readonly { readonly dagId: string; readonly taskId: string }[];
  /** Tasks that read its events. */
  readonly readers: readonly { readonly dagId: string; readonly taskId: string }[];
  /** DAGs that wait for it, and whether an update waits for them already. */
  readonly consumers: readonly { readonly dagId: string; readonly isUpdated: boolean }[];
  readonly lastEventAt: Date | null;
}

// The assets of current versions. An asset that none of them names any more is listed
// while it has events.
const LISTED = `
select a.uri, a.name, a.extra, coalesce(u.producers, '[]') as producers, coalesce(u.readers, '[]') as readers,
  coalesce(u.consumers, '[]') as consumers, last.at as "lastEventAt"
from dagsmith.asset a
left join lateral (
  select count(*) as uses,
    json_agg(json_build_object('dagId', u.dag_id, 'taskId', u.task_id) order by u.dag_id, u.task_id)
      filter (where u.role = 'outlet') as producers,
    json_agg(json_build_object('dagId', u.dag_id, 'taskId', u.task_id) order by u.dag_id, u.task_id)
      filter (where u.role = 'inlet') as readers,
    json_agg(json_build_object('dagId', u.dag_id, 'isUpdated', exists (
      select from dagsmith.asset_queue q where q.dag_id = u.dag_id and q.uri = a.uri)) order by u.dag_id)
      filter (where u.role = 'schedule') as consumers
  from dagsmith.asset_use u join dagsmith.dag d on d.dag_id = u.dag_id and d.version_id = u.version_id and d.removed_at is null
  where u.target = a.uri and not u.is_alias
) u on true
left join lateral (select at from dagsmith.asset_event e where e.uri = a.uri order by e.id desc limit 1) last on true
where (u.uses > 0 or last.at is not null)`;

const LIST: Statement = {
  name: "asset_list",
  text: `${LISTED} and a.uri > $1 order by a.uri limit $2`,
};

const DAG_OF_I = `join dagsmith.dag d
    on d.dag_id = i.dag_id and d.version_id = i.version_id and d.removed_at is null
  join dagsmith.asset_use o on o.dag_id = i.dag_id and o.version_id = i.version_id`;

// From asset to asset over the DAGs between them, both ways. The limits end the walks: the
// assets that are not near are never read.
const NEAR: Statement = {
  name: "asset_near",
  text: `
with recursive ahead (uri) as (
  select $1::text
  union
  select o.target from ahead join dagsmith.asset_use i
    on i.target = ahead.uri and i.role <> 'outlet' and not i.is_alias
  ${DAG_OF_I} and o.role = 'outlet' and not o.is_alias
), behind (uri) as (
  select $1::text
  union
  select o.target from behind join dagsmith.asset_use i
    on i.target = behind.uri and i.role = 'outlet' and not i.is_alias
  ${DAG_OF_I} and o.role <> 'outlet' and not o.is_alias
), near (uri) as (
  (select uri from ahead limit $2) union (select uri from behind limit $2)
)
${LISTED} and a.uri in (select uri from near) order by a.uri`,
};

/** Assets by URI, after one. */
export function listAssets(
  db: Queryable,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<readonly AssetOverview[]> {
  return db.query<AssetOverview & Record<string, unknown>>(LIST, [after, limit]);
}

/**
 * An asset, and those that lead to it or that it leads to: at most `limit` each way, the
 * nearest first.
 */
export function listAssetsNear(
  db: Queryable,
  uri: string,
  limit: number,
): Promise<readonly AssetOverview[]> {
  return db.query<AssetOverview & Record<string, unknown>>(NEAR, [uri, limit]);
}
