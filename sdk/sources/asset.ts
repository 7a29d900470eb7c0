/**
 * Assets: data that tasks write and other DAGs wait for, named by a URI. Only names and
 * conditions are here; dagsmith never reads the data itself.
 */
import { DagsmithError } from "../errors.ts";
import { type Json, toJson } from "../json.ts";
import type { Schedule, Schedules } from "../schedule/schedule.ts";

/**
 * A piece of data: a table, a file, a folder. Two assets with the same URI are the same
 * asset, in whatever DAG. Made by {@link asset}. Airflow: Asset.
 * @typeParam Extra the details that its events carry
 * @example const orders: Asset<{ rows: number }> = asset("s3://lake/orders");
 */
export interface Asset<Extra extends Json = Json> {
  /** Tells it from other sources. */
  readonly type: "asset";
  /** The URI that names it. */
  readonly uri: string;
  /** A name for the page; null for none. */
  readonly name: string | null;
  /** Details of the asset itself. */
  readonly extra: Json;
  /** Carries the type of its events' extra; has no value. */
  readonly eventExtra?: Extra;
}

/**
 * A name for assets that are known only when a task runs: all assets that were updated
 * under the alias so far. Made by {@link assetAlias}. Airflow: AssetAlias.
 * @example const exports: AssetAlias = assetAlias("exports");
 */
export interface AssetAlias {
  /** Tells it from other sources. */
  readonly type: "asset_alias";
  /** The name. */
  readonly alias: string;
}

/**
 * An asset, or a condition over several assets.
 * @example const both: AssetExpression = allOf(orders, anyOf(customersEu, customersUs));
 */
export type AssetExpression =
  | Asset
  | AssetAlias
  | { readonly type: "all_assets"; readonly members: readonly AssetExpression[] }
  | { readonly type: "any_asset"; readonly members: readonly AssetExpression[] };

/**
 * A schedule that runs by time, and also whenever assets were updated. Made by
 * {@link timeOrAssets}. Airflow: AssetOrTimeSchedule.
 * @example const schedule: TimeOrAssets = timeOrAssets("@daily", orders);
 */
export interface TimeOrAssets {
  /** Tells it from other schedules. */
  readonly type: "time_or_assets";
  /** When it runs by time. */
  readonly time: NonNullable<Schedule> | Schedules;
  /** The assets whose updates also make runs. */
  readonly assets: AssetExpression;
}

/**
 * The schedule of a DAG that waits for assets.
 * @example const schedule: AssetSchedule = anyOf(orders, returns);
 */
export type AssetSchedule = AssetExpression | TimeOrAssets;

/**
 * One update of an asset.
 * @typeParam Extra the details that it carries
 * @example
 * triggeredBy(orders).reduce(
 *   (sum, { extra }: AssetEvent<{ rows: number }>) => sum + extra.rows,
 *   0,
 * );
 */
export interface AssetEvent<Extra extends Json = Json> {
  /** Grows with every event. */
  readonly id: number;
  /** The URI of the asset. */
  readonly uri: string;
  /** When the asset was updated: ISO 8601 in UTC. */
  readonly at: string;
  /** The details that the task, the API or the command gave; `{}` for none. */
  readonly extra: Extra;
  /** The task that updated the asset; null for an update by API or command. */
  readonly source: {
    readonly dagId: string;
    readonly runId: string;
    readonly taskId: string;
    readonly mapIndex: number;
  } | null;
}

/**
 * Largest extra of one event, in bytes of JSON: every run that the event makes carries
 * it.
 */
export const MAX_EXTRA_BYTES = 64 * 1024;

/**
 * Printable ASCII without spaces, as in RFC 3986: every system can store and compare it.
 */
const URI = /^[!-~]{1,1000}$/;
const CREDENTIALS = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*:[^/?#]*@/i;

/**
 * Names an asset.
 * @param uri 1 to 1000 printable ASCII characters, without a password. Two URIs are equal
 *   when their texts are.
 * @throws DagsmithError INVALID_ASSET, OUTPUT_NOT_JSON for an `extra` that JSON cannot
 *   carry
 * @example
 * const issues = asset<{ rows: number }>("s3://lake/github/issues");
 * d.task("load", { outlets: [issues] }, async ({ assets }) =>
 *   assets.update(issues, { extra: { rows: 12 } }),
 * );
 * dag("report", { schedule: issues });
 */
export function asset<Extra extends Json = Json>(
  uri: string,
  options: { readonly name?: string; readonly extra?: Json } = {},
): Asset<Extra> {
  if (typeof uri !== "string" || !URI.test(uri))
    throw invalid(uri, "a URI is 1 to 1000 printable ASCII characters without spaces");
  // The message must not repeat the value, which holds a secret.
  if (CREDENTIALS.test(uri))
    throw invalid(
      "with a password in it",
      "every user of the page sees a URI; put the password into a connection",
    );
  return Object.freeze({
    type: "asset",
    uri,
    name: options.name ?? null,
    extra: JSON.parse(toJson(options.extra ?? {})) as Json,
  });
}

/**
 * Names assets that are known only when a task runs. A task with the alias among its
 * outlets may update any asset under it. A DAG that waits for the alias waits for any of
 * these assets.
 * @throws DagsmithError INVALID_ASSET
 * @example
 * d.task("export", { outlets: [assetAlias("exports")] }, ({ assets }) =>
 *   assets.update(asset("s3://lake/today"), { alias: "exports" }));
 */
export function assetAlias(alias: string): AssetAlias {
  if (typeof alias !== "string" || !URI.test(alias))
    throw invalid(alias, "an alias is 1 to 1000 printable ASCII characters without spaces");
  return Object.freeze({ type: "asset_alias", alias });
}

/**
 * Waits for all of these: each was updated at least once since the last run of the DAG
 * that assets made.
 * @throws DagsmithError INVALID_SCHEDULE
 * @example dag("join", { schedule: allOf(orders, anyOf(customersEu, customersUs)) })
 */
export function allOf(
  ...members: readonly [AssetExpression, ...AssetExpression[]]
): AssetExpression {
  return Object.freeze({ type: "all_assets", members: checkedMembers("allOf", members) });
}

/**
 * Waits for any of these: one was updated since the last run of the DAG that assets made.
 * @throws DagsmithError INVALID_SCHEDULE
 * @example dag("refresh", { schedule: anyOf(orders, returns) })
 */
export function anyOf(
  ...members: readonly [AssetExpression, ...AssetExpression[]]
): AssetExpression {
  return Object.freeze({ type: "any_asset", members: checkedMembers("anyOf", members) });
}

/**
 * Runs by time, and also whenever the assets were updated.
 * @throws DagsmithError INVALID_SCHEDULE when the time is itself an asset schedule
 * @example
 * dag("report", { schedule: timeOrAssets("@daily", orders), startDate: "2026-01-01" });
 */
export function timeOrAssets(
  time: NonNullable<Schedule> | Schedules,
  assets: AssetExpression,
): TimeOrAssets {
  if (isAssetSchedule(time)) {
    throw new DagsmithError("INVALID_SCHEDULE", {
      found: "timeOrAssets(assets, …)",
      reason: "its first part is not a schedule by time",
    });
  }
  return Object.freeze({
    type: "time_or_assets",
    time,
    assets: checkedMembers("timeOrAssets", [assets])[0] as AssetExpression,
  });
}

const EXPRESSIONS = ["asset", "asset_alias", "all_assets", "any_asset"];

/** Whether a value is an asset, an alias, or a condition over them. */
export function isExpression(value: unknown): value is AssetExpression {
  return (
    typeof value === "object" &&
    value !== null &&
    "type" in value &&
    EXPRESSIONS.includes(String(value.type))
  );
}

/** Whether a schedule waits for assets. */
export function isAssetSchedule(value: unknown): value is AssetSchedule {
  return (
    isExpression(value) ||
    (typeof value === "object" &&
      value !== null &&
      "type" in value &&
      value.type === "time_or_assets")
  );
}

function checkedMembers(
  where: string,
  members: readonly AssetExpression[],
): readonly AssetExpression[] {
  if (members.length > 0 && members.every(isExpression)) return Object.freeze([...members]);
  throw new DagsmithError("INVALID_SCHEDULE", {
    found: `${where}(…)`,
    reason: "it takes one or more of asset(), allOf() and anyOf()",
  });
}

function invalid(found: unknown, reason: string): DagsmithError {
  return new DagsmithError("INVALID_ASSET", { found: String(found).slice(0, 100), reason });
}
