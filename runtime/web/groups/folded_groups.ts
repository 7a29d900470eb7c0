/** Which groups a list shows folded. It stands in the address, so that it works without script, lasts over a reload, and can be sent on. */
import type { DagSpec } from "../../../sdk/spec/index.ts";

export interface Folds {
  readonly folded: ReadonlySet<string>;
  /** The same page with other groups folded. */
  readonly hrefOf: (folded: Iterable<string>) => string;
}

/** As long as an address may well be. */
export const LONGEST_FOLDED = 4_000;

/** @param query what else stands in the address */
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

/** The address at which one group is folded, or no longer. */
export function toggled({ folded, hrefOf }: Folds, groupId: string): string {
  return hrefOf(
    folded.has(groupId) ? [...folded].filter((id) => id !== groupId) : [...folded, groupId],
  );
}

/** The address at which all groups are folded, or none when one is; null when there are none, or too many for an address. */
export function allToggled(
  { folded, hrefOf }: Folds,
  { groups = [] }: Pick<DagSpec, "groups">,
): string | null {
  if (folded.size > 0) return hrefOf([]);
  const outer = groups.filter(({ parent }) => parent === null).map(({ groupId }) => groupId);
  return outer.length === 0 || outer.join(",").length > LONGEST_FOLDED ? null : hrefOf(outer);
}
