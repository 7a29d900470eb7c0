/**
 * Whether a DAG's pending updates of assets are enough for a run. Pure: the rule apart
 * from where updates are stored.
 */
import type { AssetCondition } from "../../../sdk/spec/index.ts";

/** Alias to the assets that were updated under it so far. */
export type Aliases = ReadonlyMap<string, readonly string[]>;

const NO_ALIASES: Aliases = new Map();

/**
 * Whether a condition is met.
 * @param updated assets with at least one update since the DAG's last run that assets
 *   made
 * @param aliases an alias without an asset is not met
 */
export function isMet(
  condition: AssetCondition,
  updated: ReadonlySet<string>,
  aliases: Aliases = NO_ALIASES,
): boolean {
  if ("asset" in condition) return updated.has(condition.asset);
  if ("alias" in condition)
    return (aliases.get(condition.alias) ?? []).some((uri) => updated.has(uri));
  if ("all" in condition) return condition.all.every((part) => isMet(part, updated, aliases));
  return condition.any.some((part) => isMet(part, updated, aliases));
}

/** The assets that can meet a condition, each once. */
export function assetsOf(
  condition: AssetCondition,
  aliases: Aliases = NO_ALIASES,
): ReadonlySet<string> {
  if ("asset" in condition) return new Set([condition.asset]);
  if ("alias" in condition) return new Set(aliases.get(condition.alias) ?? []);
  return new Set(
    ("all" in condition ? condition.all : condition.any).flatMap((part) => [
      ...assetsOf(part, aliases),
    ]),
  );
}

/** The aliases in a condition, each once. */
export function aliasesOf(condition: AssetCondition): ReadonlySet<string> {
  if ("asset" in condition) return new Set();
  if ("alias" in condition) return new Set([condition.alias]);
  return new Set(
    ("all" in condition ? condition.all : condition.any).flatMap((part) => [...aliasesOf(part)]),
  );
}

/** A condition in words: `a and (b or c)`. */
export function conditionText(condition: AssetCondition): string {
  if ("asset" in condition) return condition.asset;
  if ("alias" in condition) return `any of the alias ${condition.alias}`;
  const [parts, word] = "all" in condition ? [condition.all, " and "] : [condition.any, " or "];
  return parts
    .map((part) =>
      "asset" in part || parts.length === 1 ? conditionText(part) : `(${conditionText(part)})`,
    )
    .join(word);
}
