/**
 * dagsmith/plugins/postgres: PostgreSQL as a client, an operator, and loads of row streams into tables. Loads from S3 into PostgreSQL are
 * in dagsmith/plugins/aws (`s3ToPostgres`), so that this plugin knows nothing of S3.
 */
export { type EarlierLoad, earlierLoadQuery } from "./catalog.ts";
export {
  type Column,
  type ColumnType,
  canonicalType,
  checkedColumns,
  type ExistingColumn,
  reconcileColumns,
} from "./columns.ts";
export { type CsvOptions, csvHeader, readCsv } from "./csv.ts";
export { postgresHook } from "./hook.ts";
export { readJsonLines } from "./json_lines.ts";
export { columnsFrom, type LoadResult, loadedBefore, loadTable } from "./load.ts";
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
} from "./load_sql.ts";
export {
  type CheckedTarget,
  checkedMode,
  checkedTarget,
  type LoadMode,
  type LoadTarget,
  type TableName,
  tableIdentifier,
} from "./load_target.ts";
export type { Postgres, PostgresSession } from "./session.ts";
export type { SourceRow, SourceRows } from "./source_row.ts";
export { type PostgresSqlOptions, postgresSql, runStatements } from "./sql_operator.ts";
export { type SqlSensorOptions, sqlSensor } from "./sql_sensor.ts";
