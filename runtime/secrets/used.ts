/** Which DAGs use a connection or a variable. Pure. */
import type { SecretUse } from "../store/access/secret_read.ts";

/** Of one secret. */
export interface Used {
  /** Ids of DAGs, in their order. */
  readonly usedBy: readonly string[];
  /** Null: no run has read it. */
  readonly lastUsedAt: Date | null;
}

/**
 * The use of a secret by its id.
 * @param nameOf the same for all ids that mean one secret, as `my-lake` and `my_lake` do
 *   in the environment
 */
export function usedOf(
  uses: readonly SecretUse[],
  nameOf: (id: string) => string,
  id: string,
): Used {
  const own = uses.filter((use) => nameOf(use.id) === nameOf(id));
  const times = own.flatMap(({ lastUsedAt }) => lastUsedAt?.getTime() ?? []);
  return {
    usedBy: [...new Set(own.map(({ dagId }) => dagId))].sort(),
    lastUsedAt: times.length === 0 ? null : new Date(Math.max(...times)),
  };
}
