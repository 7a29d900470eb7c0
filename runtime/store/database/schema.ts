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
 * @throws DagsmithError SCHEMA_NEWER, SCHEMA_OLDER
 */
export async function assertSchema(db: Database): Promise<void> {
  const found = await schemaVersion(db);
  refuseNewer(found, migrations);
  const latest = nameOfLast(migrations);
  if (found !== latest) throw new DagsmithError("SCHEMA_OLDER", { found, known: latest });
}

/**
 * Refuses a schema that a newer version of dagsmith made.
 * @throws DagsmithError SCHEMA_NEWER, DATABASE_FOREIGN_SCHEMA
 */
export async function assertNotNewer(db: Database, known: readonly Migration[]): Promise<void> {
  const found = await schemaVersion(db);
  if (found === "none") await assertUnused(db);
  refuseNewer(found, known);
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

function refuseNewer(found: string, known: readonly Migration[]): void {
  if (found === "none" || known.some(({ name }) => name === found)) return;
  throw new DagsmithError("SCHEMA_NEWER", { found, known: nameOfLast(known) });
}

function nameOfLast(known: readonly Migration[]): string {
  return known.at(-1)?.name ?? "none";
}
