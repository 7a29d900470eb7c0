/**
 * The object of S3 that a load reads: is it there, what is in it, how does it come as
 * rows.
 */
import { type FromContext, resolveField, type TaskContext } from "dagsmith";
import {
  type Compression,
  type CsvOptions,
  compressionOf,
  csvHeader,
  type RowFile,
  type RowFormat,
  readRows,
  type SourceRows,
  unpacked,
} from "dagsmith/plugins/formats";
import type { Column, LoadMode, LoadTarget } from "dagsmith/plugins/postgres";
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
   * Default: by the ending of the key, `.csv`, `.parquet` or else `"json"`, which is one
   * object a line. CSV and JSON lines may be packed: `.gz` or `.zst`.
   */
  readonly format?: RowFormat;
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
  readonly size: number;
  readonly etag: string;
  readonly format: RowFormat;
  readonly csv: CsvOptions;
  /** Marked as gzip, which reading undoes. */
  readonly encoded: boolean;
  /** Not marked, but named `.gz` or `.zst`. */
  readonly packing: Compression | null;
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
    ...{ size: head.size, etag: head.etag },
    format: options.format ?? formatOf(key),
    encoded: head.contentEncoding === "gzip",
    packing: head.contentEncoding === "gzip" ? null : compressionOf(key),
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

function formatOf(key: string): RowFormat {
  if (/\.parquet$/i.test(key)) return "parquet";
  return /\.csv(\.gz|\.zst)?$/i.test(key) ? "csv" : "json";
}

/** The rows of the object, streamed. */
export function rowsOf(source: S3Source): SourceRows {
  const { format, packing: compression, csv } = source;
  return readRows(rowFile(source), { format, compression, csv });
}

function rowFile({ s3, bucket, key, size, etag }: S3Source): RowFile {
  const name = `s3://${bucket}/${key}`;
  return {
    name,
    stream: () => s3.getStream(bucket, key),
    parts: async () => ({
      size,
      read: async (from, length) => {
        const part = await s3.objects.range({ bucket, key }, { from, length, etag });
        if (typeof part !== "string") return part;
        throw new Error(`${name} was replaced or deleted while it was read; read it again`);
      },
      close: async () => {},
    }),
  };
}

/**
 * The columns of a CSV object; null for JSON.
 * @param columns those of the load
 */
export async function headerOf(
  source: S3Source,
  columns: readonly string[],
): Promise<readonly string[] | null> {
  if (source.format !== "csv") return null;
  return csvHeader(bytesOf(source), source.csv, columns);
}

/** Whether the object has nothing but blank lines. */
export async function isBlank(source: S3Source): Promise<boolean> {
  for await (const chunk of bytesOf(source)) if (/\S/.test(chunk.toString("latin1"))) return false;
  return true;
}

/** The object is opened when its first byte is read. */
async function* bytesOf(source: S3Source): AsyncGenerator<Buffer> {
  const { s3, bucket, key, packing } = source;
  const body = await s3.getStream(bucket, key);
  yield* packing ? unpacked(body, packing, `s3://${bucket}/${key}`) : body;
}
