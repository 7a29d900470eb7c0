/**
 * Compares the schema of the database with this code. Apart from migrate.ts: ordinary
 * commands compare, and must not load knex.
 */
import { type Migration, migrations } from "../../../migrations/index.ts";
import { DagsmithError } from "../../../sdk/errors.ts";
import type { Database } from "./database.ts";
import { withoutPassword } from "./probe.ts";

/**
 * Refuses a database whose schema is not the one of this code.
 * @param known all migrations, in order. Default: those of this version of dagsmith
 * @throws DagsmithError SCHEMA_NEWER, SCHEMA_OLDER
 */
export async function assertSchema(
  db: Database,
  known: readonly Migration[] = migrations,
): Promise<void> {
  const applied = await appliedMigrations(db);
  refuseNewer(applied, known);
  const missing = known.findLast(({ name }) => !applied.includes(name));
  if (missing)
    throw new DagsmithError("SCHEMA_OLDER", {
      found: applied.at(-1) ?? "none",
      known: missing.name,
    });
}

/**
 * Refuses a schema that a newer version of dagsmith made.
 * @throws DagsmithError SCHEMA_NEWER, DATABASE_FOREIGN_SCHEMA
 */
export async function assertNotNewer(db: Database, known: readonly Migration[]): Promise<void> {
  const applied = await appliedMigrations(db);
  if (applied.length === 0) await assertUnused(db);
  refuseNewer(applied, known);
}

/** Without this check, a migration into a schema of the same name would stop half way. */
async function assertUnused(db: Database): Promise<void> {
  const [foreign] = await db.query<{ table: string }>({
    name: "schema_foreign_table",
    text: `
select relname as table from pg_class
where relnamespace = to_regnamespace('dagsmith') and relname !~ '^migration' limit 1`,
  });
  if (foreign)
    throw new DagsmithError("DATABASE_FOREIGN_SCHEMA", {
      url: withoutPassword(db.url),
      table: foreign.table,
    });
}

/**
 * The names of the migrations that were applied, in the order in which they were. A
 * migration with a lower number may have come later, so the last one does not tell all.
 */
async function appliedMigrations(db: Database): Promise<readonly string[]> {
  const [table] = await db.query<{ found: boolean }>({
    name: "migration_table",
    text: "select to_regclass('dagsmith.migration') is not null as found",
  });
  if (!table?.found) return [];
  const rows = await db.query<{ name: string }>({
    name: "migrations_applied",
    text: "select name from dagsmith.migration order by id",
  });
  return rows.map(({ name }) => name);
}

function refuseNewer(applied: readonly string[], known: readonly Migration[]): void {
  const found = applied.findLast((name) => known.every((one) => one.name !== name));
  if (found === undefined) return;
  throw new DagsmithError("SCHEMA_NEWER", { found, known: known.at(-1)?.name ?? "none" });
}
