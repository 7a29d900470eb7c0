/**
 * dagsmith/plugins/bigquery: queries, loads and extracts as jobs of BigQuery. On
 * @google-cloud/bigquery, an optional package. Its connection type is in
 * dagsmith/plugins/google.
 */
export {
  type BigqueryDatasetOptions,
  type BigqueryTableOptions,
  bigqueryDataset,
  bigqueryTable,
} from "./create_operators.ts";
export { type BigqueryExtractOptions, bigqueryExtract } from "./extract_operator.ts";
export type { BigqueryFormat } from "./file_format.ts";
export { bigqueryHook } from "./hook.ts";
export type { BigqueryCsv } from "./load_job.ts";
export { type BigqueryLoadMode, type BigqueryLoadOptions, bigqueryLoad } from "./load_operator.ts";
export type { BigqueryRows, BigquerySource } from "./load_source.ts";
export type { LoadCounts } from "./merge_loaded.ts";
export type {
  Bigquery,
  BigqueryColumn,
  JobOptions,
  QueryOptions,
  StatementResult,
  TableLayout,
} from "./session.ts";
export { type BigquerySqlOptions, bigquerySql } from "./sql_operator.ts";
