/**
 * Assets: the data that tasks write and other DAGs wait for, named by a URI. Only names and conditions are here; nothing looks at the data
 * itself.
 */
import { DagsmithError } from "../errors.ts";
import { type Json, toJson } from "../json.ts";
import { invalidOption } from "../option_values.ts";
import type { Schedule, Schedules } from "../schedule/schedule.ts";
import type { AssetCondition } from "../spec/index.ts";

/**
 * A piece of data: a table, a file, a folder. Two with the same URI are the same asset, whichever DAGs name them.
 * @typeParam Extra what its events say beside that it was updated
 */
export interface Asset<Extra extends Json = Json> {
  readonly type: "asset";
  readonly uri: string;
  /** For people; null when it has none. */
  readonly name: string | null;
  /** What is known of the asset itself. */
  readonly extra: Json;
  /** Carries the type of its events' extra; has no value. */
  readonly eventExtra?: Extra;
}

/** A name for assets that are known only when a task runs: those that were updated under it so far. */
export interface AssetAlias {
  readonly type: "asset_alias";
  readonly alias: string;
}

/** An asset, or several that are waited for together. */
export type AssetExpression =
  | Asset
  | AssetAlias
  | { readonly type: "all_assets"; readonly members: readonly AssetExpression[] }
  | { readonly type: "any_asset"; readonly members: readonly AssetExpression[] };

/** A schedule that runs by time, and also whenever assets were updated. Made by {@link timeOrAssets}. */
export interface TimeOrAssets {
  readonly type: "time_or_assets";
  readonly time: NonNullable<Schedule> | Schedules;
  readonly assets: AssetExpression;
}

/** What a DAG that waits for assets has as its schedule. */
export type AssetSchedule = AssetExpression | TimeOrAssets;

/** One update of an asset. */
export interface AssetEvent<Extra extends Json = Json> {
  readonly id: number;
  readonly uri: string;
  /** ISO 8601 in UTC. */
  readonly at: string;
  readonly extra: Extra;
  /** The task whose success it was; null for an update by API or command. */
  readonly source: {
    readonly dagId: string;
    readonly runId: string;
    readonly taskId: string;
    readonly mapIndex: number;
  } | null;
}

/** Largest extra of one event, in bytes of JSON: it is told to every run that the event makes. */
export const MAX_EXTRA_BYTES = 64 * 1024;

/** Printable ASCII without spaces, as in RFC 3986: what every system can store and compare. */
const URI = /^[!-~]{1,1000}$/;
const CREDENTIALS = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*:[^/?#]*@/i;

/**
 * Names an asset.
 * @param uri how it is known everywhere: 1 to 1000 printable ASCII characters, without a password. Compared as it is written.
 * @throws DagsmithError INVALID_ASSET, OUTPUT_NOT_JSON for an `extra` that JSON cannot carry
 * @example
 * const issues = asset<{ rows: number }>("s3://lake/github/issues");
 * d.task("load", { outlets: [issues] }, async ({ assets }) => assets.update(issues, { extra: { rows: 12 } }));
 * dag("report", { schedule: issues });
 */
export function asset<Extra extends Json = Json>(
  uri: string,
  options: { readonly name?: string; readonly extra?: Json } = {},
): Asset<Extra> {
  if (typeof uri !== "string" || !URI.test(uri))
    throw invalid(uri, "a URI is 1 to 1000 printable ASCII characters without spaces");
  // The value is not repeated: it holds a secret.
  if (CREDENTIALS.test(uri))
    throw invalid(
      "with a password in it",
      "a URI is shown to everybody; leave the password to a connection",
    );
  return Object.freeze({
    type: "asset",
    uri,
    name: options.name ?? null,
    extra: JSON.parse(toJson(options.extra ?? {})) as Json,
  });
}

/**
 * Names assets that are only known when a task runs. A task that has the alias among its outlets may update any asset under it; a DAG that
 * waits for the alias waits for any of those.
 * @throws DagsmithError INVALID_ASSET
 * @example d.task("export", { outlets: [assetAlias("exports")] }, async ({ assets }) => assets.update(asset(uri), { alias: "exports" }));
 */
export function assetAlias(alias: string): AssetAlias {
  if (typeof alias !== "string" || !URI.test(alias))
    throw invalid(alias, "an alias is 1 to 1000 printable ASCII characters without spaces");
  return Object.freeze({ type: "asset_alias", alias });
}

/**
 * All of these: each was updated at least once since the DAG's last run that assets made.
 * @example dag("join", { schedule: allOf(orders, anyOf(customersEu, customersUs)) })
 */
export function allOf(
  ...members: readonly [AssetExpression, ...AssetExpression[]]
): AssetExpression {
  return Object.freeze({ type: "all_assets", members: checkedMembers("allOf", members) });
}

/** Any of these was updated. @example dag("refresh", { schedule: anyOf(orders, returns) }) */
export function anyOf(
  ...members: readonly [AssetExpression, ...AssetExpression[]]
): AssetExpression {
  return Object.freeze({ type: "any_asset", members: checkedMembers("anyOf", members) });
}

/**
 * Runs by time, and besides whenever the assets were updated.
 * @throws DagsmithError INVALID_SCHEDULE when the time is itself an asset schedule
 * @example dag("report", { schedule: timeOrAssets("@daily", orders), startDate: "2026-01-01" })
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

function isExpression(value: unknown): value is AssetExpression {
  return (
    typeof value === "object" &&
    value !== null &&
    "type" in value &&
    EXPRESSIONS.includes(String(value.type))
  );
}

function isAssetSchedule(value: unknown): value is AssetSchedule {
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

/** A DAG's schedule parted: what time decides, and what assets decide. */
export function splitSchedule(option: Schedule | Schedules | AssetSchedule | undefined): {
  readonly time: Schedule | Schedules | undefined;
  readonly assets: AssetExpression | null;
} {
  if (!isAssetSchedule(option)) return { time: option, assets: null };
  return option.type === "time_or_assets"
    ? { time: option.time, assets: option.assets }
    : { time: null, assets: option };
}

/** The plain form of a condition. */
export function conditionOf(expression: AssetExpression): AssetCondition {
  switch (expression.type) {
    case "asset":
      return { asset: expression.uri };
    case "asset_alias":
      return { alias: expression.alias };
    case "all_assets":
      return { all: expression.members.map(conditionOf) };
    case "any_asset":
      return { any: expression.members.map(conditionOf) };
  }
}

/** Every asset and alias that an expression names. */
export function membersOf(expression: AssetExpression): readonly (Asset | AssetAlias)[] {
  return "members" in expression ? expression.members.flatMap(membersOf) : [expression];
}

/**
 * The assets that a task names as `outlets` or `inlets`, each once.
 * @throws DagsmithError INVALID_OPTION
 */
export function checkedAssets(
  option: "outlets" | "inlets",
  value: readonly (Asset | AssetAlias)[] | undefined,
  where: string,
): readonly (Asset | AssetAlias)[] {
  const isAllowed = (one: unknown): boolean =>
    isExpression(one) &&
    (one.type === "asset" || (option === "outlets" && one.type === "asset_alias"));
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every(isAllowed)) {
    return [
      ...new Map(
        value.map((one: Asset | AssetAlias) => [
          one.type === "asset" ? one.uri : `alias ${one.alias}`,
          one,
        ]),
      ).values(),
    ];
  }
  const allowed = option === "outlets" ? "a list of asset() and assetAlias()" : "a list of asset()";
  throw invalidOption(
    where,
    option,
    Array.isArray(value) ? "a list of other things" : typeof value,
    allowed,
  );
}

function invalid(found: unknown, reason: string): DagsmithError {
  return new DagsmithError("INVALID_ASSET", { found: String(found).slice(0, 100), reason });
}
