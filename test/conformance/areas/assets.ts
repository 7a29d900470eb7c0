/** Whether the assets that were updated are enough for a run. */
import { z } from "zod";
import { isMet } from "../../../runtime/timetable/asset_condition.ts";
import { type AssetExpression, allOf, anyOf, asset, assetAlias, conditionOf } from "../../../sdk/asset.ts";
import { area } from "../area.ts";

type Written = string | { readonly all: readonly Written[] } | { readonly any: readonly Written[] } | { readonly alias: string };

const CONDITION: z.ZodType<Written> = z.lazy(() =>
  z.union([
    z.string(),
    z.object({ all: z.array(CONDITION).min(1) }),
    z.object({ any: z.array(CONDITION).min(1) }),
    z.object({ alias: z.string() }),
  ]),
);

export const assetCondition = area(
  z.object({ condition: CONDITION, updated: z.array(z.string()), aliases: z.record(z.string(), z.array(z.string())).optional() }),
  ({ condition, updated, aliases = {} }) => ({
    satisfied: isMet(conditionOf(expressionOf(condition)), new Set(updated), new Map(Object.entries(aliases))),
  }),
);

function expressionOf(written: Written): AssetExpression {
  if (typeof written === "string") return asset(written);
  if ("alias" in written) return assetAlias(written.alias);
  const [first, ...rest] = ("all" in written ? written.all : written.any).map(expressionOf);
  if (!first) throw new Error("a condition of nothing");
  return "all" in written ? allOf(first, ...rest) : anyOf(first, ...rest);
}
