/** `dag migrate`: creates or upgrades the tables. */
import { command } from "../command.ts";
import { needDatabaseUrl, withDatabaseAt } from "../project/database.ts";

export const migrate = command({
  usage: "migrate",
  summary: "Create or upgrade dagsmith's tables in the database",
  more: "Safe to run again, and from several machines at once.",
  example: "DATABASE_URL=postgres://etl:secret@db:5432/dagsmith dag migrate",
  document: async () => (await import("../documents/project.ts")).migrated,
  run: async (cli) =>
    withDatabaseAt(cli, await needDatabaseUrl(cli), async (db) => {
      const { migrateAll } = await import("../project/migrate_all.ts");
      const applied = await migrateAll(db);
      return {
        json: { applied },
        lines:
          applied.length === 0
            ? ["The tables are up to date."]
            : applied.map((name) => `applied ${name}`),
      };
    }),
});
