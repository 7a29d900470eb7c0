/** Turns assets, as schedules and as outlets and inlets, into their plain form. */
import { invalidOption } from "../option_values.ts";
import type { Schedule, Schedules } from "../schedule/schedule.ts";
import {
  type Asset,
  type AssetAlias,
  type AssetExpression,
  type AssetSchedule,
  isAssetSchedule,
  isExpression,
} from "../sources/asset.ts";
import type { AssetCondition } from "../spec/index.ts";

/** The two parts of a DAG's schedule: by time, and by assets. */
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
