/** Files that tasks leave for other tasks. */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Json } from "../json.ts";

/** Most characters of the name of a file. */
export const MAX_FILE_NAME = 200;

/**
 * A stored file: a small JSON value that tasks return, and pass on as an input. The bytes
 * are in the store of large values.
 * @example
 * const csv = d.task("export", ({ files }) => files.put("a.csv", "x,y\n")); // TaskRef<FileRef>
 */
export type FileRef = {
  /** The name that the task gave it. */
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** Of the contents, in hexadecimal. */
  readonly sha256: string;
  /** A MIME type. */
  readonly contentType: string;
};

/**
 * The contents of a file: text, bytes, a stream of them, or a file on this machine.
 * @example const content: FileContent = createReadStream("/data/trips.csv");
 */
export type FileContent =
  | string
  | Uint8Array
  | AsyncIterable<string | Uint8Array>
  | { readonly path: string };

/**
 * The files of a task. They go with the run, and when the task is cleared; a retry keeps
 * them. Streams pass through: a file of 5 GB needs no more memory than one of 5 MB.
 * @example
 * const csv = d.task("unzip", ({ files }) => files.put("trips.csv", createReadStream(path)));
 * d.task("count", { inputs: { csv } }, async ({ files, inputs }) =>
 *   (await files.text(inputs.csv)).split("\n").length,
 * );
 */
export interface TaskFiles {
  /**
   * Stores a file. A file of this task with the same name is replaced.
   * @param options.contentType default: by the ending of the name
   * @throws DagsmithError FILES_NOT_SET without a store, FILE_TOO_LARGE over the limit of
   *   a file or of the run, FILE_UNWRITABLE
   */
  put(
    name: string,
    content: FileContent,
    options?: { readonly contentType?: string },
  ): Promise<FileRef>;
  /**
   * The contents as a stream, which fails when they do not have the hash of the
   * reference.
   * @throws DagsmithError FILE_GONE; later, from the stream, FILE_CORRUPT
   */
  open(file: FileRef): Promise<NodeJS.ReadableStream & AsyncIterable<Uint8Array>>;
  /** The path of a copy on this machine, with the same name. It goes with the try. */
  path(file: FileRef): Promise<string>;
  /** The contents as UTF-8 text, at most 256 MiB. */
  text(file: FileRef): Promise<string>;
  /**
   * The contents as JSON, at most 256 MiB.
   * @param schema checks the value; default: no check
   * @throws DagsmithError INVALID_FILE when it is not JSON, or does not fit the schema
   */
  json<Value = Json>(file: FileRef, schema?: StandardSchemaV1<unknown, Value>): Promise<Value>;
  /** Deletes a file that this task stored. Deleting it twice is no error. */
  delete(file: FileRef): Promise<void>;
}

/**
 * Whether a value refers to a stored file.
 * @example const refs = Object.values(inputs).filter(isFileRef);
 */
export function isFileRef(value: unknown): value is FileRef {
  if (typeof value !== "object" || value === null) return false;
  const { name, size, sha256, contentType } = value as Record<string, unknown>;
  return (
    typeof name === "string" &&
    Number.isSafeInteger(size) &&
    typeof sha256 === "string" &&
    /^[0-9a-f]{64}$/.test(sha256) &&
    typeof contentType === "string"
  );
}
