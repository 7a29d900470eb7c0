/** Compares the schema of the database with this code. Apart from migrate.ts: an ordinary command asks this and must not load knex. */
import { migrations } from "../../../migrations/index.ts";
import { DagsmithError } from "../../../sdk/errors.ts";
import type { Database } from "./database.ts";

const latest = migrations.at(-1)?.name ?? "none";

/**
 * Refuses to work on a schema that this code does not know.
 * @throws DagsmithError SCHEMA_NEWER, SCHEMA_OLDER
 */
export async function assertSchema(db: Database): Promise<void> {
  const found = await schemaVersion(db);
  refuseNewer(found);
  if (found !== latest) throw new DagsmithError("SCHEMA_OLDER", { found, known: latest });
}

/**
 * Refuses a schema that a newer version of dagsmith made.
 * @throws DagsmithError SCHEMA_NEWER
 */
export async function assertNotNewer(db: Database): Promise<void> {
  refuseNewer(await schemaVersion(db));
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
