/** The operator that loads files or rows into a table of BigQuery. */
import {
  DagsmithError,
  type FromContext,
  resolveField,
  type TaskBody,
  type TaskContext,
} from "dagsmith";
import type { BigqueryClient } from "./client.ts";
import type { BigqueryFormat } from "./file_format.ts";
import { clientOf } from "./hook.ts";
import { type BigqueryCsv, type LoadTarget, loadWork, writeOf } from "./load_job.ts";
import { type BigquerySource, type LoadSource, sourceOf } from "./load_source.ts";
import { type LoadCounts, mergeLoaded } from "./merge_loaded.ts";
import type { BigqueryColumn, TableLayout } from "./session.ts";
import { type TaskJobOptions, taskJob } from "./task_job.ts";

/**
 * What becomes of the rows that a table has: `append` keeps them, `truncate` replaces
 * them and keeps the columns, `rebuild` replaces the table, `upsert` updates rows with the
 * same primary key.
 */
export type BigqueryLoadMode =
  | { readonly loadType: "append" | "truncate" | "rebuild" }
  | {
      readonly loadType: "upsert";
      /** Columns whose values name a row. */
      readonly primaryKey: string | readonly string[];
      /** Of two rows with one key, the one with the greater value counts. */
      readonly incrementalKey?: string;
    };

/** Options of {@link bigqueryLoad}. */
export type BigqueryLoadOptions<Context extends TaskContext> = BigqueryLoadMode &
  TaskJobOptions &
  TableLayout & {
    /** Id of a connection of type `google_cloud_platform`. */
    readonly bigquery: FromContext<string, Context>;
    /** One `gs://` URL or several, a stored file, or rows as objects. */
    readonly from: FromContext<BigquerySource, Context>;
    /** Default: by the ending of the URL or the file. */
    readonly format?: BigqueryFormat;
    /** How CSV is written. */
    readonly csv?: BigqueryCsv;
    /** `dataset.table` or `project.dataset.table`. It is created if it is absent. */
    readonly table: FromContext<string, Context>;
    /**
     * The columns of the rows; those that the table lacks are added. Default: the columns
     * of the table, else as BigQuery detects them.
     */
    readonly columns?: readonly BigqueryColumn[];
  };

const LOAD_TYPES = ["append", "truncate", "rebuild", "upsert"];

/**
 * Loads files or rows into a table, all or nothing. A retry joins the job of the try
 * before while that runs, or has succeeded: rows are not appended twice.
 * @returns `rows` read, `inserted`, `updated`
 * @throws DagsmithError INVALID_OPTION, at once, for a mode that does not exist, or an
 *   upsert without a primary key
 * @example
 * d.task("load", bigqueryLoad({ bigquery: "lake", from: "gs://lake/trips/*.parquet", table: "taxi.trips",
 *   loadType: "upsert", primaryKey: "trip_id" }));
 */
export function bigqueryLoad<Context extends TaskContext>(
  options: BigqueryLoadOptions<Context>,
): TaskBody<LoadCounts, Context> {
  refuseMode(options);
  return async function bigqueryLoad(context) {
    const bigquery = await clientOf(context, await resolveField(options.bigquery, context));
    const given = await resolveField(options.from, context);
    const source = sourceOf(given, context.files, options.format);
    const table = await resolveField(options.table, context);
    const load = { bigquery, source, table };
    if (options.loadType !== "upsert") return loadInto(context, options, load);
    // The staging table is there without a layout, which a load must not ask of it then.
    const { partitionBy: _, clusterBy: __, ...staged } = options;
    return mergeLoaded(context, options, load, (staging) =>
      loadInto(context, { ...staged, loadType: "rebuild" }, { ...load, table: staging }),
    );
  };
}

function refuseMode({ loadType, ...mode }: BigqueryLoadMode): void {
  const where = "bigqueryLoad";
  if (!LOAD_TYPES.includes(loadType)) {
    const words = { option: "loadType", found: String(loadType), allowed: LOAD_TYPES.join(", ") };
    throw new DagsmithError("INVALID_OPTION", { where, ...words });
  }
  const { primaryKey } = mode as { readonly primaryKey?: string | readonly string[] };
  if (loadType !== "upsert" || [primaryKey ?? []].flat().length > 0) return;
  const words = { option: "primaryKey", found: "missing", allowed: "one column or more" };
  throw new DagsmithError("INVALID_OPTION", { where, ...words });
}

/** What an operator of loads works with. */
interface Load {
  readonly bigquery: BigqueryClient;
  readonly source: LoadSource;
  readonly table: string;
}

async function loadInto(
  context: TaskContext,
  options: LoadTarget & TaskJobOptions & { readonly csv?: BigqueryCsv },
  { bigquery, source, table }: Load,
): Promise<LoadCounts> {
  const { loadType, csv = {} } = options;
  const write = writeOf(table, options, await bigquery.stored(table));
  const work = loadWork({ source, csv, table: bigquery.reference(table), ...write });
  const job = await taskJob(context, options, ["load", table, loadType, source.name]);
  const { statistics } = await bigquery.jobs.run(work, job);
  const rows = Number(statistics?.load?.outputRows ?? 0);
  return { rows, inserted: rows, updated: 0 };
}
