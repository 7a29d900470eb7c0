/**
 * The transaction in which updates of assets become runs. Whoever wrote an update asks for it at once, the scheduler asks again for those
 * who died before they could; each holds the DAG's row, and takes the updates that it makes a run of, so a run is made once.
 */
import { MAX_TRIGGER_EVENTS, type RunTrigger } from "../../../sdk/trigger.ts";
import { type Aliases, aliasesOf, assetsOf, isMet } from "../../timetable/asset_condition.ts";
import { startQueuedRuns } from "../../transactions/start_runs.ts";
import type { Plans } from "../dags/plans.ts";
import type { Database, Queryable, Statement } from "../database/database.ts";
import { columns } from "../database/unnest.ts";
import { createRuns } from "../runs/dag_run.ts";
import { type AssetEventRow, assetAliases, assetEventOf } from "./asset.ts";
import { dagsWithNews, eventRun, lockWaitingDags, type WaitingDag } from "./event_run.ts";

/** DAGs looked at in one transaction. */
const BATCH = 500;

const NEWS: Statement = { name: "asset_queue_news", text: dagsWithNews("dagsmith.asset_queue") };

const MARK_SEEN: Statement = {
  name: "asset_queue_mark_seen",
  text: "update dagsmith.asset_queue set is_new = false where dag_id = any($1) and is_new",
};

const UPDATED: Statement = {
  name: "asset_queue_updated",
  text: `
select w.dag_id, w.uri from unnest($1::text[], $2::text[]) as w (dag_id, uri)
where exists (select from dagsmith.asset_queue q where q.dag_id = w.dag_id and q.uri = w.uri)`,
};

// Of a great many only the newest are told to the run, and counted are all.
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
select c.dag_id as taker, c.count, e.id, e.uri, e.at, e.extra, e.task_id, e.map_index, r.dag_id as source_dag_id, r.run_id as source_run_id
from counted c join dagsmith.asset_event e on e.id = c.event_id left join dagsmith.dag_run r on r.id = e.run_id
where c.place <= ${MAX_TRIGGER_EVENTS} order by c.dag_id, e.id`,
};

/** Makes a run of every DAG whose condition is met by the updates that wait for it, and begins it if there is a place. @returns how many */
export async function createAssetRuns(db: Database, plans: Plans): Promise<number> {
  let created = 0;
  for (;;) {
    const dagIds = (await db.query<{ dag_id: string }>(NEWS))
      .slice(0, BATCH)
      .map((row) => row.dag_id);
    if (dagIds.length === 0) return created;
    const made = await db.transaction((tx) => createBatch(tx, plans, dagIds));
    if (made.length > 0) await startQueuedRuns(db, plans, made);
    created += made.length;
    if (dagIds.length < BATCH) return created;
  }
}

/** @returns the DAGs that got a run */
async function createBatch(
  tx: Queryable,
  plans: Plans,
  dagIds: readonly string[],
): Promise<readonly string[]> {
  const dags = await lockWaitingDags(tx, plans, dagIds);
  // Before they are read: an update that comes in between stays new, and is looked at by its own writer.
  await tx.query(MARK_SEEN, [dags.map(({ dagId }) => dagId)]);
  const aliases = await assetAliases(tx, [
    ...new Set(dags.flatMap(({ spec }) => (spec.assets ? [...aliasesOf(spec.assets)] : []))),
  ]);
  const updated = await updatedAssets(tx, dags, aliases);
  // A DAG that waits for nothing any more has what waits for it thrown away.
  const ready = dags.filter(
    ({ dagId, spec }) =>
      spec.assets === null || isMet(spec.assets, updated.get(dagId) ?? new Set(), aliases),
  );
  if (ready.length === 0) return [];
  const taken = await tx.query<AssetEventRow & { taker: string; count: number }>(TAKE, [
    ready.map(({ dagId }) => dagId),
  ]);
  const eventsOf = Map.groupBy(taken, ({ taker }) => taker);
  const runs = ready.flatMap((dag) =>
    dag.spec.assets ? [eventRun(dag, triggerOf(eventsOf.get(dag.dagId) ?? []))] : [],
  );
  return (await createRuns(tx, runs)).map(({ dagId }) => dagId);
}

async function updatedAssets(
  tx: Queryable,
  dags: readonly WaitingDag[],
  aliases: Aliases,
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const wanted = dags.flatMap(({ dagId, spec }) =>
    spec.assets ? [...assetsOf(spec.assets, aliases)].map((uri) => ({ dagId, uri })) : [],
  );
  if (wanted.length === 0) return new Map();
  const rows = await tx.query<{ dag_id: string; uri: string }>(
    UPDATED,
    columns(wanted, ({ dagId, uri }) => [dagId, uri]),
  );
  return new Map(
    [...Map.groupBy(rows, (row) => row.dag_id)].map(([dagId, found]) => [
      dagId,
      new Set(found.map(({ uri }) => uri)),
    ]),
  );
}

function triggerOf(events: readonly (AssetEventRow & { count: number })[]): RunTrigger {
  return { type: "assets", count: events[0]?.count ?? 0, events: events.map(assetEventOf) };
}
