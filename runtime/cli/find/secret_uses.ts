/** Which DAGs have read a connection or a variable, for the lists of both. */
import type { SecretUse } from "../../store/access/secret_read.ts";
import type { Cli } from "../command.ts";
import { timeText } from "../output/words.ts";
import { findDatabaseUrl, withDatabase } from "../project/database.ts";

/** Of one secret. */
export interface Used {
  /** Ids of DAGs, in their order. */
  readonly usedBy: readonly string[];
  /** Null: no run has read it. */
  readonly lastUsedAt: Date | null;
}

/**
 * Finds the use of a secret by its id. Without a database nothing is known.
 * @param nameOf the same for all ids that mean one secret, as `my-lake` and `my_lake` do
 *   in the environment
 */
export async function findUses(
  cli: Cli,
  kind: "connection" | "variable",
  nameOf: (id: string) => string,
): Promise<(id: string) => Used> {
  const uses = (await findDatabaseUrl(cli)) === null ? [] : await readUses(cli, kind);
  return (id) => {
    const own = uses.filter((use) => nameOf(use.id) === nameOf(id));
    const times = own.map(({ lastUsedAt }) => lastUsedAt.getTime());
    return {
      usedBy: [...new Set(own.map(({ dagId }) => dagId))].sort(),
      lastUsedAt: times.length === 0 ? null : new Date(Math.max(...times)),
    };
  };
}

function readUses(cli: Cli, kind: "connection" | "variable"): Promise<readonly SecretUse[]> {
  return withDatabase(cli, async (db) => {
    const { secretUses } = await import("../../store/access/secret_read.ts");
    return secretUses(db, kind);
  });
}

/** The cells of a table. */
export function usedCells({ usedBy, lastUsedAt }: Used): readonly string[] {
  return [usedBy.join(", "), timeText(lastUsedAt)];
}
