/** Creates and upgrades the schema. The only file that loads knex. */
import knex, { type Knex } from "knex";
import { type Migration, migrations } from "../../../migrations/index.ts";
import type { Database } from "./database.ts";
import { assertNotNewer } from "./schema.ts";

/**
 * The session lock under which one process at a time migrates. knex has a lock of its
 * own, but that lock stays in its table when a process is killed.
 */
const MIGRATION_LOCK = 4_817_002;

/**
 * Creates or upgrades our tables. Safe to call from several processes at once: one
 * migrates, the others wait and find nothing to do.
 * @param known all migrations, in order. Default: those of this version of dagsmith
 * @returns the names of the migrations that were applied
 * @throws DagsmithError SCHEMA_NEWER, DATABASE_FOREIGN_SCHEMA
 */
export async function migrate(
  db: Database,
  known: readonly Migration[] = migrations,
): Promise<readonly string[]> {
  const session = await db.session();
  try {
    await session.query("select pg_advisory_lock($1)", [MIGRATION_LOCK]);
    await assertNotNewer(db, known);
    return await applyMigrations(db.directUrl, known);
  } finally {
    await session.end();
  }
}

async function applyMigrations(
  url: string,
  known: readonly Migration[],
): Promise<readonly string[]> {
  const connection = knex({ client: "pg", connection: url, pool: { min: 0, max: 2 } });
  try {
    await connection.raw("create schema if not exists dagsmith");
    const config = {
      migrationSource: sourceOf(known),
      schemaName: "dagsmith",
      tableName: "migration",
      disableMigrationsListValidation: true,
    };
    await connection.migrate.forceFreeMigrationsLock(config);
    const [, applied] = (await connection.migrate.latest(config)) as [number, string[]];
    return applied;
  } finally {
    await connection.destroy();
  }
}

/** knex refuses a migration without `down`. We have none, and never call it. */
function sourceOf(known: readonly Migration[]): Knex.MigrationSource<Migration> {
  return {
    getMigrations: async () => [...known],
    getMigrationName: ({ name }) => name,
    getMigration: async ({ name, up }) => ({
      up,
      down: () => Promise.reject(new Error(`the migration ${name} has no down function`)),
    }),
  };
}
