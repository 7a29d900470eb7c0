/** Where the rows of a load are: in Cloud Storage, in a stored file, or in the task. */
import { type FileRef, isFileRef, type TaskFiles } from "dagsmith";
import { type BigqueryFormat, formatOf } from "./file_format.ts";

/** Rows that a task has, as objects by the names of columns. */
export type BigqueryRows = Iterable<object> | AsyncIterable<object>;

/**
 * What a load reads: one `gs://` URL or several (each may hold a `*`), a stored file, or
 * rows.
 * @example const source: BigquerySource = "gs://lake/trips/2026-01/*.parquet";
 */
export type BigquerySource = string | readonly string[] | FileRef | BigqueryRows;

/** A source as the load job takes it. */
export interface LoadSource {
  readonly format: BigqueryFormat;
  /** Addresses of files; empty when bytes are uploaded. */
  readonly uris: readonly string[];
  readonly bytes?: () => AsyncIterable<Uint8Array>;
  /** Tells the source from another one. */
  readonly name: string;
}

/** @param format default: by the ending of the file */
export function sourceOf(
  source: BigquerySource,
  files: TaskFiles,
  format: BigqueryFormat | undefined,
): LoadSource {
  const uris = urisOf(source);
  if (uris) return { format: format ?? formatOf(uris[0] ?? ""), uris, name: uris.join(" ") };
  if (isFileRef(source)) {
    const named = { format: format ?? formatOf(source.name), name: source.sha256 };
    return { ...named, uris: [], bytes: () => bytesOf(files, source) };
  }
  return { format: "json", uris: [], name: "rows", bytes: () => jsonLines(source as BigqueryRows) };
}

function urisOf(source: BigquerySource): readonly string[] | undefined {
  if (typeof source === "string") return [source];
  const isList = Array.isArray(source) && source.length > 0;
  return isList && source.every((item) => typeof item === "string") ? source : undefined;
}

async function* bytesOf(files: TaskFiles, file: FileRef): AsyncGenerator<Uint8Array> {
  yield* await files.open(file);
}

async function* jsonLines(rows: BigqueryRows): AsyncGenerator<Uint8Array> {
  for await (const row of rows) yield Buffer.from(`${JSON.stringify(row)}\n`);
}
