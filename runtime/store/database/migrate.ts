/** Creates and upgrades the schema. The only file that loads knex. */
import { setTimeout } from "node:timers/promises";
import knex, { type Knex } from "knex";
import type { ClientBase } from "pg";
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
  const connection = knex({ client: "pg", connection: url, pool: { min: 0, max: 2, afterCreate } });
  try {
    await connection.raw("create schema if not exists dagsmith");
    const config = {
      migrationSource: sourceOf(known),
      schemaName: "dagsmith",
      tableName: "migration",
      disableMigrationsListValidation: true,
    };
    const before = await completed(connection, config);
    await whileLocked(async () => {
      await connection.migrate.forceFreeMigrationsLock(config);
      await connection.migrate.latest(config);
    });
    return (await completed(connection, config)).filter((name) => !before.includes(name));
  } finally {
    await connection.destroy();
  }
}

/**
 * Longest wait for the lock of a table, and the pause after it, in milliseconds. Services
 * queue behind a migration that waits, for as long as a backup that reads the table.
 */
const LOCK_MS = 2_000;
const LOCK_TIMEOUT = "55P03";

const afterCreate = (session: ClientBase, done: (error: Error | null) => void): void =>
  void session.query(`set lock_timeout = '${LOCK_MS}ms'`, done);

/** Repeats work that got no lock in time, after a pause. */
async function whileLocked(work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if ((error as { readonly code?: string }).code !== LOCK_TIMEOUT) throw error;
      await setTimeout(LOCK_MS);
    }
  }
}

/** The names of the migrations that the database has. */
async function completed(
  connection: Knex,
  config: Knex.MigratorConfig,
): Promise<readonly string[]> {
  const [found] = (await connection.migrate.list(config)) as [{ readonly name: string }[], unknown];
  return found.map(({ name }) => name);
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
