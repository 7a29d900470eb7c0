/**
 * dagsmith/plugins/postgres: PostgreSQL as a client, an operator, and loads of row
 * streams into tables. Loads from S3 into PostgreSQL are in dagsmith/plugins/aws
 * (`s3ToPostgres`), so that this plugin knows nothing of S3.
 */
import type { ConnectionType } from "dagsmith";
import { postgresConnection } from "./connection.ts";

export {
  type CsvFormat,
  type CsvOptions,
  csvFormat,
  csvHeader,
  readCsv,
  readJsonLines,
  type SourceRow,
  type SourceRows,
} from "dagsmith/plugins/formats";
export { postgresConnection } from "./connection.ts";
export { postgresHook } from "./hook.ts";
export { type EarlierLoad, earlierLoadQuery } from "./load/catalog.ts";
export {
  type Column,
  type ColumnType,
  checkedColumns,
  type ExistingColumn,
  reconcileColumns,
} from "./load/columns.ts";
export {
  columnsFrom,
  emptySource,
  type LoadResult,
  loadedBefore,
  loadTable,
} from "./load/load.ts";
export {
  columnList,
  createLoadsTable,
  createTable,
  type Dialect,
  LOADS_TABLE,
  type MergePlan,
  type MergeStep,
  mergeSteps,
  primaryKeySteps,
} from "./load/load_sql.ts";
export {
  type CheckedTarget,
  checkedMode,
  checkedTarget,
  type LoadMode,
  type LoadTarget,
  type TableName,
  tableIdentifier,
} from "./load/load_target.ts";
export type { CopyCsvFormat, Postgres, PostgresSession } from "./session.ts";
export { type PostgresSqlOptions, postgresSql, runSql, runStatements } from "./sql_operator.ts";
export {
  isMet,
  type QueryCondition,
  type SqlSensorOptions,
  saysYes,
  sqlSensor,
} from "./sql_sensor.ts";
export { canonicalType } from "./values/type_name.ts";

/** The connection types of this plugin. */
export const connectionTypes: readonly ConnectionType[] = [postgresConnection];
