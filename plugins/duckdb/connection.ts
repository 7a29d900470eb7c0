/** The connection type `duckdb`: a database file, or none, and what DuckDB may use. */
import { connectionType, sql } from "dagsmith";
import { z } from "zod";
import { DEFAULT_MEMORY, type DuckdbSettings, MEMORY } from "./settings.ts";

const fields = z.object({
  host: z
    .string()
    .optional()
    .meta({
      ...{ title: "File", description: "Path of the database. Without one: in memory." },
    }),
  read_only: z
    .boolean()
    .default(false)
    .meta({ title: "Read only", description: "Several processes may read one file." }),
  memory_limit: z
    .string()
    .regex(MEMORY, "is no amount of memory, such as 512MB")
    .default(DEFAULT_MEMORY)
    .meta({ title: "Memory", description: "What needs more goes to temporary files." }),
  threads: z
    .int()
    .min(1)
    .optional()
    .meta({ title: "Threads", description: "Default: one for each processor." }),
});

/** The connection type `duckdb`. Its test opens the file, which must exist. */
export const duckdbConnection = connectionType({
  id: "duckdb",
  title: "DuckDB",
  example: "duckdb://%2Fdata%2Flake.duckdb?memory_limit=2GB",
  fields: fields.transform(
    ({ host, read_only, memory_limit, threads }): DuckdbSettings => ({
      ...{ file: host, isReadOnly: read_only, memoryLimit: memory_limit, threads },
    }),
  ),
  test: async (settings, { signal }) => {
    const { openDuckdb } = await import("./open.ts");
    // Opening a file that is absent would create it.
    const isReadOnly = settings.file !== undefined;
    const duckdb = await openDuckdb({ ...settings, isReadOnly }, signal);
    try {
      const [row] = await duckdb.query<{ version: string }>(sql`select version() as version`);
      return `DuckDB ${row?.version}, ${settings.file ?? "in memory"}`;
    } finally {
      await duckdb.close();
    }
  },
});
