/** Migrates our tables and those of the queue, in the order in which they are needed. */
import type { Database } from "../../store/database/database.ts";

/**
 * @returns the names of our migrations that were applied. @throws DagsmithError
 *   SCHEMA_NEWER
 */
export async function migrateAll(db: Database): Promise<readonly string[]> {
  const [{ migrate }, { migrateQueue }] = await Promise.all([
    import("../../store/database/migrate.ts"),
    import("../../executor/queue.ts"),
  ]);
  const applied = await migrate(db);
  await migrateQueue(db);
  return applied;
}
