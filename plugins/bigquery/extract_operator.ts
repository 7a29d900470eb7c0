/** The operator that writes a table of BigQuery into files of Cloud Storage. */
import { type FromContext, resolveField, type TaskBody, type TaskContext } from "dagsmith";
import { type BigqueryFormat, formatName, formatOf } from "./file_format.ts";
import { clientOf } from "./hook.ts";
import { type TaskJobOptions, taskJob } from "./task_job.ts";

/** Options of {@link bigqueryExtract}. */
export interface BigqueryExtractOptions<Context extends TaskContext> extends TaskJobOptions {
  /** Id of a connection of type `google_cloud_platform`. */
  readonly bigquery: FromContext<string, Context>;
  /** `dataset.table` or `project.dataset.table`. */
  readonly table: FromContext<string, Context>;
  /** A `gs://` URL. With a `*`, several files are written; tables above 1 GB need it. */
  readonly to: FromContext<string, Context>;
  /** Default: by the ending of the URL. BigQuery writes no ORC. */
  readonly format?: Exclude<BigqueryFormat, "orc">;
  /** Default `"GZIP"` when the URL ends in `.gz`, else `"NONE"`. */
  readonly compression?: "NONE" | "GZIP" | "SNAPPY" | "DEFLATE" | "ZSTD";
}

/**
 * Writes a table into files of Cloud Storage. CSV has a header line.
 * @returns how many files were written
 * @example d.task("export", bigqueryExtract({ bigquery: "lake", table: "taxi.daily", to: "gs://lake/daily_*.parquet" }));
 */
export function bigqueryExtract<Context extends TaskContext>(
  options: BigqueryExtractOptions<Context>,
): TaskBody<{ readonly files: number }, Context> {
  return async function bigqueryExtract(context) {
    const bigquery = await clientOf(context, await resolveField(options.bigquery, context));
    const url = await resolveField(options.to, context);
    const extract = {
      sourceTable: bigquery.reference(await resolveField(options.table, context)),
      destinationUris: [url],
      destinationFormat: formatName(options.format ?? formatOf(url)),
      compression: options.compression ?? (/\.gz$/i.test(url) ? "GZIP" : "NONE"),
    };
    const work = { verb: "extract", configuration: { extract } };
    const { statistics } = await bigquery.jobs.run(work, await taskJob(context, options, work));
    const counts = statistics?.extract?.destinationUriFileCounts ?? [];
    return { files: counts.reduce((sum, count) => sum + Number(count), 0) };
  };
}
