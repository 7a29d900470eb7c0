/**
 * The object of S3 that a load reads: is it there, what is in it, how does it come as
 * rows.
 */
import type { Readable } from "node:stream";
import { type FromContext, resolveField, type TaskContext } from "dagsmith";
import {
  type Column,
  type CsvOptions,
  csvHeader,
  type LoadMode,
  type LoadTarget,
  readCsv,
  readJsonLines,
  type SourceRows,
} from "dagsmith/plugins/postgres";
import { gunzipped } from "./gzip.ts";
import type { S3 } from "./s3.ts";
import { s3Hook } from "./s3_hook.ts";

/**
 * What and where to, the same for every warehouse. Each field may be a function of the
 * context.
 */
export interface S3LoadFields<Context extends TaskContext> {
  /** Id of a connection of type `aws` or `s3`. */
  readonly s3: FromContext<string, Context>;
  readonly bucket: FromContext<string, Context>;
  readonly key: FromContext<string, Context>;
  readonly schema: FromContext<string, Context>;
  readonly table: FromContext<string, Context>;
  /**
   * The columns to load, by the names of the keys or of the CSV header. Default: the
   * columns that the table has.
   */
  readonly columns?: FromContext<readonly Column[], Context>;
  /**
   * Default: `"csv"` for a key that ends in `.csv` or `.csv.gz`, else `"json"`, which is
   * one object a line.
   */
  readonly format?: "json" | "csv";
  readonly csv?: CsvOptions;
  /**
   * Whether an object without rows may empty a table by `truncate` or `rebuild`. Default
   * false.
   */
  readonly allowEmpty?: boolean;
  /** NUL characters, which PostgreSQL cannot store: `refuse` (default) or `remove`. */
  readonly nul?: "refuse" | "remove";
  /**
   * The schema of the table `dagsmith_loads`, which `append` needs. Default: that of the
   * table.
   */
  readonly loadsSchema?: FromContext<string, Context>;
}

/** The fields of a load with their values, and the object it reads. */
export interface S3Source {
  readonly s3: S3;
  readonly s3ConnectionId: string;
  readonly bucket: string;
  readonly key: string;
  readonly format: "json" | "csv";
  readonly csv: CsvOptions;
  /** Marked as gzip, which reading undoes. */
  readonly encoded: boolean;
  /** Not marked, but named `.gz`. */
  readonly zipped: boolean;
  readonly target: LoadTarget;
}

/** @throws Error when there is no such object; a retry may find it */
export async function openSource<Context extends TaskContext>(
  options: S3LoadFields<Context> & LoadMode,
  context: Context,
): Promise<S3Source> {
  const value = <Value>(field: FromContext<Value, Context>): Promise<Value> =>
    resolveField(field, context);
  const [s3ConnectionId, bucket, key] = [
    await value(options.s3),
    await value(options.bucket),
    await value(options.key),
  ];
  const [schema, table] = [await value(options.schema), await value(options.table)];
  const columns = options.columns && (await value(options.columns));
  const s3 = await context.hook(s3Hook(s3ConnectionId));
  const head = await s3.head(bucket, key);
  if (!head) throw new Error(`There is no object s3://${bucket}/${key}`);
  const target = {
    ...modeOf(options),
    schema,
    table,
    loadId: loadId(context),
    source: `s3://${bucket}/${key} ${head.etag}`,
    ...(options.allowEmpty !== undefined && { allowEmpty: options.allowEmpty }),
    ...(options.nul !== undefined && { nul: options.nul }),
    ...(options.loadsSchema !== undefined && { loadsSchema: await value(options.loadsSchema) }),
  };
  return {
    ...{ s3, s3ConnectionId, bucket, key, csv: options.csv ?? {} },
    format: options.format ?? (/\.csv(\.gz)?$/i.test(key) ? "csv" : "json"),
    encoded: head.contentEncoding === "gzip",
    zipped: head.contentEncoding !== "gzip" && /\.gz$/i.test(key),
    target: columns ? { ...target, columns } : target,
  };
}

/** The same for every try of a task instance. */
function loadId({ dagId, taskId, runId, mapIndex }: TaskContext): string {
  return `${dagId}/${taskId}/${runId}${mapIndex < 0 ? "" : `/${mapIndex}`}`;
}

/**
 * Only the fields of the mode: what else is in the options is none of the load's
 * business.
 */
function modeOf({ loadType, primaryKey, incrementalKey }: LoadMode): LoadMode {
  return {
    loadType,
    ...(primaryKey && { primaryKey }),
    ...(incrementalKey && { incrementalKey }),
  } as LoadMode;
}

/** The rows of the object, streamed. */
export function rowsOf(source: S3Source): SourceRows {
  const bytes = bytesOf(source);
  return source.format === "csv" ? readCsv(bytes, source.csv) : readJsonLines(bytes);
}

/**
 * The columns of a CSV object; null for JSON.
 * @param columns those of the load
 */
export async function headerOf(
  source: S3Source,
  columns: readonly string[],
): Promise<readonly string[] | null> {
  if (source.format === "json") return null;
  return csvHeader(bytesOf(source), source.csv, columns);
}

/** Whether the object has nothing but blank lines. */
export async function isBlank(source: S3Source): Promise<boolean> {
  for await (const chunk of bytesOf(source)) if (/\S/.test(chunk.toString("latin1"))) return false;
  return true;
}

/** The object is opened when its first byte is read. */
async function* bytesOf(source: S3Source): AsyncGenerator<Buffer> {
  const { s3, bucket, key, zipped } = source;
  const body: Readable = await s3.getStream(bucket, key);
  yield* zipped ? gunzipped(body, `s3://${bucket}/${key}`) : body;
}
