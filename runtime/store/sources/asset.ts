/**
 * Assets: the DAGs that name them, their updates, and the updates that wait for DAGs. One
 * statement writes an update together with its waiting rows, so no DAG misses an update.
 */
import type { Json } from "../../../sdk/json.ts";
import type { AssetEvent } from "../../../sdk/sources/asset.ts";
import { MAX_TRIGGER_EVENTS } from "../../../sdk/sources/trigger.ts";
import type { DagSpec } from "../../../sdk/spec/index.ts";
import type { AssetUpdate } from "../../engine/store.ts";
import { aliasesOf, assetsOf } from "../../timetable/sources/asset_condition.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { AFTER_LAST_ID } from "../database/page_bounds.ts";
import { rowsOf } from "../database/unnest.ts";

interface AssetRow {
  readonly uri: string;
  readonly name: string | null;
  readonly extra: Json;
}

const ASSETS = rowsOf<AssetRow>({
  uri: ["text", ({ uri }) => uri],
  name: ["text", ({ name }) => name],
  extra: ["json", ({ extra }) => JSON.stringify(extra)],
});

// In the order of their URIs, so that two writers of the same new assets do not deadlock.
const PUT: Statement = {
  name: "asset_put",
  text: `
insert into dagsmith.asset (${ASSETS.names})
select distinct on (uri) * from ${ASSETS.as("v")} order by uri
on conflict (uri) do update set name = coalesce(excluded.name, asset.name), extra = excluded.extra
where excluded.name is not null or excluded.extra::text <> '{}'`,
};

interface AssetUse {
  readonly role: "schedule" | "outlet" | "inlet";
  readonly target: string;
  readonly isAlias: boolean;
  readonly taskId: string;
}

const USES = rowsOf<AssetUse & { readonly dagId: string; readonly versionHash: string }>({
  dag_id: ["text", (use) => use.dagId],
  hash: ["text", (use) => use.versionHash],
  role: ["text", (use) => use.role],
  target: ["text", (use) => use.target],
  is_alias: ["boolean", (use) => use.isAlias],
  task_id: ["text", (use) => use.taskId],
});

const PUT_USES: Statement = {
  name: "asset_use_put",
  text: `
insert into dagsmith.asset_use (version_id, dag_id, role, target, is_alias, task_id)
select v.id, u.dag_id, u.role, u.target, u.is_alias, u.task_id
from ${USES.as("u")}
join dagsmith.dag_version v on v.dag_id = u.dag_id and v.hash = u.hash
on conflict do nothing`,
};

const ALIASED = rowsOf<{ readonly uri: string; readonly alias: string }>({
  uri: ["text", ({ uri }) => uri],
  alias: ["text", ({ alias }) => alias],
});

const LEARN_ALIASES: Statement = {
  name: "asset_alias_put",
  text: `
insert into dagsmith.asset_alias (${ALIASED.names})
select distinct v.uri, v.alias from ${ALIASED.as("v")} order by 1, 2
on conflict do nothing`,
};

/** An update to be written: by a task, or by a person or program. */
export type NewAssetEvent =
  | AssetUpdate
  | { readonly uri: string; readonly extra: Json; readonly actor: string };

const taskOf = (event: NewAssetEvent): AssetUpdate | null => ("actor" in event ? null : event);

const EVENTS = rowsOf<NewAssetEvent>({
  uri: ["text", ({ uri }) => uri],
  extra: ["json", ({ extra }) => JSON.stringify(extra)],
  run_id: ["bigint", (event) => taskOf(event)?.runId ?? null],
  task_id: ["text", (event) => taskOf(event)?.taskId ?? null],
  map_index: ["int", (event) => taskOf(event)?.mapIndex ?? null],
  actor: ["text", (event) => ("actor" in event ? event.actor : null)],
});

// A file that is replaced can be away for seconds, and its DAG must miss no update
// meanwhile. After a day the DAG counts as gone for good. The same day is in the trigger
// dagsmith.record_run_end, for ends of runs.
const IS_EXPECTED = "(d.removed_at is null or d.removed_at > now() - interval '1 day')";

const RECORD: Statement = {
  name: "asset_event_record",
  text: `
with event as (
  insert into dagsmith.asset_event (${EVENTS.names})
  select ${EVENTS.names} from ${EVENTS.unnest} with ordinality as v (${EVENTS.names}, position)
  order by position
  returning id, uri
), wanted as (
  select e.id, e.uri, u.dag_id, u.version_id from event e
  join dagsmith.asset_use u on u.target = e.uri and u.role = 'schedule' and not u.is_alias
  union
  select e.id, e.uri, u.dag_id, u.version_id from event e
  join dagsmith.asset_alias a on a.uri = e.uri
  join dagsmith.asset_use u on u.target = a.alias and u.role = 'schedule' and u.is_alias
), queued as (
  insert into dagsmith.asset_queue (dag_id, event_id, uri)
  select w.dag_id, w.id, w.uri from wanted w
  join dagsmith.dag d on d.dag_id = w.dag_id and d.version_id = w.version_id and ${IS_EXPECTED}
)
select id from event order by id`,
};

// A new version may wait for less than the one before.
const LOOK_AGAIN: Statement = {
  name: "asset_queue_look_again",
  text: "update dagsmith.asset_queue set is_new = true where dag_id = any($1) and not is_new",
};

const NEWEST: Statement = {
  name: "asset_event_newest",
  text: `
select e.id, e.uri, e.at, e.extra, e.task_id, e.map_index, r.dag_id as source_dag_id,
  r.run_id as source_run_id, e.actor
from dagsmith.asset_event e left join dagsmith.dag_run r on r.id = e.run_id
where e.uri = $1 and e.id < coalesce($3::bigint, ${AFTER_LAST_ID}) order by e.id desc limit $2`,
};

const IS_KNOWN: Statement = {
  name: "asset_is_known",
  text: "select uri from dagsmith.asset where uri = $1",
};

const ALIASES: Statement = {
  name: "asset_alias_get",
  text: "select alias, uri from dagsmith.asset_alias where alias = any($1)",
};

/** Records the assets that new versions name. */
export async function registerAssets(
  tx: Queryable,
  versions: readonly {
    readonly dagId: string;
    readonly versionHash: string;
    readonly spec: DagSpec;
  }[],
): Promise<void> {
  const uses = versions.flatMap(({ dagId, versionHash, spec }) =>
    usesOf(spec).map((use) => ({ dagId, versionHash, ...use })),
  );
  if (uses.length === 0) return;
  const details = Object.assign(
    {},
    ...versions.map(({ spec }) => spec.assetDetails),
  ) as DagSpec["assetDetails"];
  const uris = [...new Set(uses.flatMap(({ isAlias, target }) => (isAlias ? [] : [target])))];
  const assets = uris.map((uri): AssetRow => {
    const { name = null, extra = {} } = details[uri] ?? {};
    return { uri, name, extra };
  });
  if (assets.length > 0) await tx.query(PUT, ASSETS.values(assets));
  await tx.query(PUT_USES, USES.values(uses));
}

function usesOf({ assets, tasks }: DagSpec): readonly AssetUse[] {
  const waited = assets
    ? [
        ...[...assetsOf(assets)].map((target) => ({
          role: "schedule" as const,
          target,
          isAlias: false,
          taskId: "",
        })),
        ...[...aliasesOf(assets)].map((target) => ({
          role: "schedule" as const,
          target,
          isAlias: true,
          taskId: "",
        })),
      ]
    : [];
  const named = tasks.flatMap(({ taskId, outlets, inlets }): readonly AssetUse[] => [
    ...outlets.map((outlet) =>
      "asset" in outlet
        ? ({ role: "outlet", target: outlet.asset, isAlias: false, taskId } as const)
        : ({ role: "outlet", target: outlet.alias, isAlias: true, taskId } as const),
    ),
    ...inlets.map((target) => ({ role: "inlet", target, isAlias: false, taskId }) as const),
  ]);
  return [...waited, ...named];
}

/**
 * Has the scheduler check the waiting updates of these DAGs again, by their new
 * conditions.
 */
export async function lookAgain(tx: Queryable, dagIds: readonly string[]): Promise<void> {
  if (dagIds.length > 0) await tx.query(LOOK_AGAIN, [dagIds]);
}

/**
 * Writes updates and queues them for the DAGs that wait for them. @returns their ids, in
 * order
 */
export async function recordAssetEvents(
  tx: Queryable,
  events: readonly NewAssetEvent[],
): Promise<readonly number[]> {
  if (events.length === 0) return [];
  await tx.query(PUT, ASSETS.values(events.map(({ uri }) => ({ uri, name: null, extra: {} }))));
  const aliased = events.flatMap((event) =>
    "alias" in event && event.alias !== null ? [{ uri: event.uri, alias: event.alias }] : [],
  );
  if (aliased.length > 0) await tx.query(LEARN_ALIASES, ALIASED.values(aliased));
  const rows = await tx.query<{ id: number }>(RECORD, EVENTS.values(events));
  return rows.map(({ id }) => id);
}

export interface AssetEventRow extends Record<string, unknown> {
  id: number;
  uri: string;
  at: Date;
  extra: Json;
  task_id: string | null;
  map_index: number | null;
  source_dag_id: string | null;
  source_run_id: string | null;
}

/** The event of a row. An event whose run was deleted has no source. */
export function assetEventOf(row: AssetEventRow): AssetEvent {
  const {
    id,
    uri,
    at,
    extra,
    task_id: taskId,
    map_index: mapIndex,
    source_dag_id: dagId,
    source_run_id: runId,
  } = row;
  const source =
    dagId !== null && runId !== null && taskId !== null
      ? { dagId, runId, taskId, mapIndex: mapIndex ?? -1 }
      : null;
  return { id, uri, at: at.toISOString(), extra, source };
}

/** An event with its actor, when no task made it. */
export interface ListedAssetEvent extends AssetEvent {
  readonly actor: string | null;
}

/** The newest events of an asset, newest first, before the id `before`. */
export async function assetEvents(
  db: Queryable,
  uri: string,
  { limit, before = null }: { readonly limit: number; readonly before?: number | null },
): Promise<readonly ListedAssetEvent[]> {
  const rows = await db.query<AssetEventRow & { actor: string | null }>(NEWEST, [
    uri,
    Math.min(limit, MAX_TRIGGER_EVENTS),
    before,
  ]);
  return rows.map((row) => ({ ...assetEventOf(row), actor: row.actor }));
}

/** Whether a DAG ever named the asset. */
export async function isKnownAsset(db: Queryable, uri: string): Promise<boolean> {
  return (await db.query(IS_KNOWN, [uri])).length > 0;
}

/** The assets of aliases, as known now. */
export async function assetAliases(
  db: Queryable,
  aliases: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  if (aliases.length === 0) return new Map();
  const rows = await db.query<{ alias: string; uri: string }>(ALIASES, [aliases]);
  return new Map(
    [...Map.groupBy(rows, ({ alias }) => alias)].map(([alias, found]) => [
      alias,
      found.map(({ uri }) => uri),
    ]),
  );
}
