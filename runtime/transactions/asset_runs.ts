/**
 * The transaction that creates runs from updates of assets. The process that wrote an
 * update calls it at once; the scheduler calls it again for processes that died first.
 * Each call locks the DAG's row and deletes the updates that it used, so that a run is
 * created once.
 */
import type { RunTrigger } from "../../sdk/sources/trigger.ts";
import type { Plans } from "../store/dags/plans.ts";
import type { Database, Queryable } from "../store/database/database.ts";
import { createRuns } from "../store/runs/dag_run.ts";
import { assetAliases, assetEventOf } from "../store/sources/asset.ts";
import {
  dagsWithAssetNews,
  markAssetNewsSeen,
  type TakenAssetEvent,
  takeAssetEvents,
  updatedAssets,
} from "../store/sources/asset_runs.ts";
import { eventRun, lockWaitingDags } from "../store/sources/event_run.ts";
import { aliasesOf, isMet } from "../timetable/sources/asset_condition.ts";
import { type CreatedRuns, createRunsFromNews } from "./runs_from_news.ts";

/**
 * Creates a run of every DAG whose condition the waiting updates meet, and starts it if
 * the DAG's limits allow.
 * @returns how many runs were created
 */
export function createAssetRuns(db: Database, plans: Plans): Promise<number> {
  return createRunsFromNews(db, plans, { dags: dagsWithAssetNews, createRuns: createBatch });
}

async function createBatch(
  tx: Queryable,
  plans: Plans,
  dagIds: readonly string[],
): Promise<CreatedRuns> {
  const dags = await lockWaitingDags(tx, plans, dagIds);
  // Before they are read: an update that comes in between stays new, and its own writer
  // handles it.
  const locked = dags.map(({ dagId }) => dagId);
  await markAssetNewsSeen(tx, locked);
  const aliases = await assetAliases(tx, [
    ...new Set(dags.flatMap(({ spec }) => (spec.assets ? [...aliasesOf(spec.assets)] : []))),
  ]);
  const updated = await updatedAssets(tx, dags, aliases);
  // The waiting updates of a DAG that no longer waits for assets are deleted.
  const ready = dags.filter(
    ({ dagId, spec }) =>
      spec.assets === null || isMet(spec.assets, updated.get(dagId) ?? new Set(), aliases),
  );
  if (ready.length === 0) return { locked, made: [] };
  const taken = await takeAssetEvents(
    tx,
    ready.map(({ dagId }) => dagId),
  );
  const eventsOf = Map.groupBy(taken, ({ taker }) => taker);
  const runs = ready.flatMap((dag) =>
    dag.spec.assets ? [eventRun(dag, triggerOf(eventsOf.get(dag.dagId) ?? []))] : [],
  );
  const created = await createRuns(tx, runs);
  return { locked, made: created.map(({ dagId }) => dagId) };
}

function triggerOf(events: readonly TakenAssetEvent[]): RunTrigger {
  return { type: "assets", count: events[0]?.count ?? 0, events: events.map(assetEventOf) };
}
