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
const LIST: Statement = {
  name: "asset_list",
  text: `
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
where a.uri > $1 and (u.uses > 0 or last.at is not null)
order by a.uri limit $2`,
};

/** Assets by URI, after one. */
export function listAssets(
  db: Queryable,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<readonly AssetOverview[]> {
  return db.query<AssetOverview & Record<string, unknown>>(LIST, [after, limit]);
}
