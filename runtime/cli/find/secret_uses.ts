/** Which DAGs have read a connection or a variable, for the lists of both. */
import { type Used, usedOf } from "../../secrets/used.ts";
import type { SecretUse } from "../../store/access/secret_read.ts";
import type { Cli } from "../command.ts";
import { timeText } from "../output/words.ts";
import { findDatabaseUrl, withDatabase } from "../project/database.ts";

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
  return (id) => usedOf(uses, nameOf, id);
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
