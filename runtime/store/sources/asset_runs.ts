/**
 * Updates of assets that wait for a run: the DAGs with new updates, and taking the
 * updates.
 */
import { MAX_TRIGGER_EVENTS } from "../../../sdk/sources/trigger.ts";
import { type Aliases, assetsOf } from "../../timetable/sources/asset_condition.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";
import type { AssetEventRow } from "./asset.ts";
import { dagsWithNews, type WaitingDag } from "./event_run.ts";

const NEWS: Statement = { name: "asset_queue_news", text: dagsWithNews("dagsmith.asset_queue") };

const MARK_SEEN: Statement = {
  name: "asset_queue_mark_seen",
  text: "update dagsmith.asset_queue set is_new = false where dag_id = any($1) and is_new",
};

const WANTED = rowsOf<{ readonly dagId: string; readonly uri: string }>({
  dag_id: ["text", ({ dagId }) => dagId],
  uri: ["text", ({ uri }) => uri],
});

const UPDATED: Statement = {
  name: "asset_queue_updated",
  text: `
select w.dag_id, w.uri from ${WANTED.as("w")}
where exists (select from dagsmith.asset_queue q where q.dag_id = w.dag_id and q.uri = w.uri)`,
};

// All updates are counted; the run gets only the newest of very many.
const TAKE: Statement = {
  name: "asset_queue_take",
  text: `
with taken as (
  delete from dagsmith.asset_queue where dag_id = any($1) returning dag_id, event_id
), counted as (
  select dag_id, event_id, count(*) over (partition by dag_id)::int as count,
    row_number() over (partition by dag_id order by event_id desc) as place
  from taken
)
select c.dag_id as taker, c.count, e.id, e.uri, e.at, e.extra, e.task_id, e.map_index,
  r.dag_id as source_dag_id, r.run_id as source_run_id
from counted c join dagsmith.asset_event e on e.id = c.event_id
left join dagsmith.dag_run r on r.id = e.run_id
where c.place <= ${MAX_TRIGGER_EVENTS} order by c.dag_id, e.id`,
};

/** DAGs for which new updates wait. */
export async function dagsWithAssetNews(db: Queryable): Promise<readonly string[]> {
  return (await db.query<{ dag_id: string }>(NEWS)).map((row) => row.dag_id);
}

/**
 * Marks the updates that wait for these DAGs as seen. An update that comes later is new
 * again.
 */
export async function markAssetNewsSeen(tx: Queryable, dagIds: readonly string[]): Promise<void> {
  await tx.query(MARK_SEEN, [dagIds]);
}

/** An update taken for a run of `taker`; `count` is the number of updates it took. */
export type TakenAssetEvent = AssetEventRow & { readonly taker: string; readonly count: number };

/** Takes all updates that wait for these DAGs and returns the newest ones of each DAG. */
export function takeAssetEvents(
  tx: Queryable,
  dagIds: readonly string[],
): Promise<readonly TakenAssetEvent[]> {
  return tx.query<TakenAssetEvent & Record<string, unknown>>(TAKE, [dagIds]);
}

/** The updated ones of the assets for which these DAGs wait, by DAG. */
export async function updatedAssets(
  tx: Queryable,
  dags: readonly WaitingDag[],
  aliases: Aliases,
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const wanted = dags.flatMap(({ dagId, spec }) =>
    spec.assets ? [...assetsOf(spec.assets, aliases)].map((uri) => ({ dagId, uri })) : [],
  );
  if (wanted.length === 0) return new Map();
  const rows = await tx.query<{ dag_id: string; uri: string }>(UPDATED, WANTED.values(wanted));
  return new Map(
    [...Map.groupBy(rows, (row) => row.dag_id)].map(([dagId, found]) => [
      dagId,
      new Set(found.map(({ uri }) => uri)),
    ]),
  );
}
