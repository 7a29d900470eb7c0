/**
 * dagsmith/plugins/duckdb: SQL over files and FileRefs in the process of the task, by
 * DuckDB. Needs the package @duckdb/node-api.
 */
import type { ConnectionType } from "dagsmith";
import { duckdbConnection } from "./connection.ts";

export type { DuckdbOptions, DuckdbTable } from "./database.ts";
export { duckdbHook } from "./hook.ts";
export {
  type DuckdbFileOptions,
  type DuckdbSqlOptions,
  duckdbFile,
  duckdbSql,
} from "./operators.ts";
export type { Duckdb } from "./session.ts";

/** The connection types of this plugin. */
export const connectionTypes: readonly ConnectionType[] = [duckdbConnection];
