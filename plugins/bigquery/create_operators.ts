/** The operators that create what is absent. */
import { type FromContext, resolveField, type TaskBody, type TaskContext } from "dagsmith";
import { bigqueryHook } from "./hook.ts";
import type { BigqueryColumn, TableLayout } from "./session.ts";

/** Options of {@link bigqueryDataset}. */
export interface BigqueryDatasetOptions<Context extends TaskContext> {
  /** Id of a connection of type `google_cloud_platform`. */
  readonly bigquery: FromContext<string, Context>;
  /** `dataset` or `project.dataset`. */
  readonly dataset: FromContext<string, Context>;
  /** Such as `EU`. Default: as the project has it, else `US`. */
  readonly location?: FromContext<string, Context>;
}

/**
 * Creates a dataset if it is absent.
 * @example d.task("dataset", bigqueryDataset({ bigquery: "lake", dataset: "taxi", location: "EU" }));
 */
export function bigqueryDataset<Context extends TaskContext>(
  options: BigqueryDatasetOptions<Context>,
): TaskBody<void, Context> {
  return async function bigqueryDataset(context) {
    const connection = await resolveField(options.bigquery, context);
    const bigquery = await context.hook(bigqueryHook(connection));
    const location = options.location && (await resolveField(options.location, context));
    const dataset = await resolveField(options.dataset, context);
    await bigquery.createDataset(dataset, location ? { location } : {});
  };
}

/** Options of {@link bigqueryTable}. */
export interface BigqueryTableOptions<Context extends TaskContext> extends TableLayout {
  /** Id of a connection of type `google_cloud_platform`. */
  readonly bigquery: FromContext<string, Context>;
  /** `dataset.table` or `project.dataset.table`. */
  readonly table: FromContext<string, Context>;
  /** The columns of the table. */
  readonly columns: readonly BigqueryColumn[];
}

/**
 * Creates a table if it is absent. A table that is there stays as it is.
 * @example
 * const columns = [{ name: "vendor", type: "INT64" }, { name: "pickup", type: "TIMESTAMP" }];
 * d.task("table", bigqueryTable({ bigquery: "lake", table: "taxi.trips", columns, partitionBy: "pickup" }));
 */
export function bigqueryTable<Context extends TaskContext>(
  options: BigqueryTableOptions<Context>,
): TaskBody<void, Context> {
  return async function bigqueryTable(context) {
    const connection = await resolveField(options.bigquery, context);
    const bigquery = await context.hook(bigqueryHook(connection));
    const table = await resolveField(options.table, context);
    await bigquery.createTable(table, options.columns, options);
  };
}
