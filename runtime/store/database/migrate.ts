/** Brings the schema up to date, and says when a database is too new or too old for this code. */
import knex, { type Knex } from "knex";
import { migrations } from "../../../migrations/index.ts";
import { DagsmithError } from "../../../sdk/errors.ts";
import type { Database } from "./database.ts";

type Migration = (typeof migrations)[number];

const source: Knex.MigrationSource<Migration> = {
  getMigrations: async () => [...migrations],
  getMigrationName: (migration) => migration.name,
  getMigration: async (migration) => migration,
};

const latest = migrations.at(-1)?.name ?? "none";

/** Names the session lock under which one process at a time migrates; knex's own lock stays behind when a process is killed. */
const MIGRATION_LOCK = 4_817_002;

/**
 * Creates or upgrades our tables. Safe to call from several processes at once: one migrates, the others wait and find it done.
 * @returns the names of the migrations that were applied
 * @throws DagsmithError SCHEMA_NEWER
 */
export async function migrate(db: Database): Promise<readonly string[]> {
  const session = await db.session();
  try {
    await session.query("select pg_advisory_lock($1)", [MIGRATION_LOCK]);
    refuseNewer(await schemaVersion(db));
    return await applyMigrations(db.url);
  } finally {
    await session.end();
  }
}

async function applyMigrations(url: string): Promise<readonly string[]> {
  const connection = knex({ client: "pg", connection: url, pool: { min: 0, max: 2 } });
  try {
    await connection.raw("create schema if not exists dagsmith");
    const config = {
      migrationSource: source,
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

/**
 * Refuses to work on a schema that this code does not know.
 * @throws DagsmithError SCHEMA_NEWER, SCHEMA_OLDER
 */
export async function assertSchema(db: Database): Promise<void> {
  const found = await schemaVersion(db);
  refuseNewer(found);
  if (found !== latest) throw new DagsmithError("SCHEMA_OLDER", { found, known: latest });
}

async function schemaVersion(db: Database): Promise<string> {
  const [table] = await db.query<{ found: boolean }>({
    name: "migration_table",
    text: "select to_regclass('dagsmith.migration') is not null as found",
  });
  if (!table?.found) return "none";
  const [row] = await db.query<{ name: string }>({
    name: "migration_latest",
    text: "select name from dagsmith.migration order by id desc limit 1",
  });
  return row?.name ?? "none";
}

function refuseNewer(found: string): void {
  if (found === "none" || migrations.some((migration) => migration.name === found)) return;
  throw new DagsmithError("SCHEMA_NEWER", { found, known: latest });
}
