/**
 * Which groups a list shows folded. They are part of the address, so that folding works
 * without script, survives a reload and can be shared.
 */
import type { DagSpec } from "../../../sdk/spec/index.ts";

export interface Folds {
  readonly folded: ReadonlySet<string>;
  /** The same page with other groups folded. */
  readonly hrefOf: (folded: Iterable<string>) => string;
}

/** The longest value that an address may contain. */
export const LONGEST_FOLDED = 4_000;

/** @param query the other parameters of the address */
export function foldsOf(
  path: string,
  folded: readonly string[],
  query: Readonly<Record<string, string | number | null>> = {},
): Folds {
  const hrefOf = (ids: Iterable<string>): string => {
    const parts = Object.entries({ ...query, folded: [...ids].join(",") }).filter(
      ([, value]) => value !== null && value !== "",
    );
    return parts.length === 0
      ? path
      : `${path}?${parts.map(([key, value]) => `${key}=${value}`).join("&")}`;
  };
  return { folded: new Set(folded), hrefOf };
}

/** The address with one group folded, or unfolded. */
export function toggled({ folded, hrefOf }: Folds, groupId: string): string {
  return hrefOf(
    folded.has(groupId) ? [...folded].filter((id) => id !== groupId) : [...folded, groupId],
  );
}

/**
 * The address with all groups folded, or unfolded when one is folded. Null when there are
 * no groups, or too many for an address.
 */
export function allToggled(
  { folded, hrefOf }: Folds,
  { groups = [] }: Pick<DagSpec, "groups">,
): string | null {
  if (folded.size > 0) return hrefOf([]);
  const outer = groups.filter(({ parent }) => parent === null).map(({ groupId }) => groupId);
  return outer.length === 0 || outer.join(",").length > LONGEST_FOLDED ? null : hrefOf(outer);
}
