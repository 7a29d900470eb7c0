/** The DuckDB hook. The client library is loaded when a task opens it. */
import { defineHook } from "dagsmith";
import { duckdbConnection } from "./connection.ts";
import { openDuckdb } from "./open.ts";
import type { OpenDuckdb } from "./session.ts";

/**
 * DuckDB through a connection of type `duckdb`: host = path of the database (default: in
 * memory), `extra.memory_limit` (default 1GB), `extra.threads`, `extra.read_only`.
 * @example
 * const lake = await hook(duckdbHook("lake"));
 * const rows = await lake.query<{ day: string }>(sql`select day from trips where day >= ${dataInterval.start}`);
 */
export const duckdbHook = defineHook<OpenDuckdb>({
  types: duckdbConnection.ids,
  open: (connection, { signal }) => openDuckdb(duckdbConnection.read(connection), signal),
  close: (duckdb) => duckdb.close(),
});
