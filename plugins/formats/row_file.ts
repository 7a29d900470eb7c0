/**
 * Files that rows are read from, wherever they lie. CSV and JSON lines need the bytes in
 * their order; Parquet has its index at the end, and needs parts.
 */
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { basename } from "node:path";
import type { FileRef, ObjectHead, TaskFiles } from "dagsmith";

/** A file that rows are read from. */
export interface RowFile {
  /** Names the file in errors; its ending says the format. */
  readonly name: string;
  /** The whole content, in its order. */
  readonly stream: () => Promise<AsyncIterable<Uint8Array>>;
  /** Opens the file for reads of parts. */
  readonly parts: () => Promise<FileParts>;
}

/** One version of a file that is open for reads of parts. */
export interface FileParts {
  /** In bytes. */
  readonly size: number;
  /** The bytes from a place; fewer only when the file ends before. */
  readonly read: (from: number, length: number) => Promise<Uint8Array>;
  readonly close: () => Promise<void>;
}

/** What reads the objects of a store: an `ObjectStore` of dagsmith/plugins/objects. */
export interface ObjectReader {
  urlOf(key: string): string;
  get(key: string): Promise<AsyncIterable<Uint8Array>>;
  head(key: string): Promise<ObjectHead | null>;
  range(
    key: string,
    from: number,
    length: number,
    options?: { readonly etag?: string },
  ): Promise<Uint8Array>;
}

/**
 * A file on this machine.
 * @example readRows(pathFile("/data/trips.parquet"))
 */
export function pathFile(path: string): RowFile {
  return {
    name: basename(path),
    stream: async () => createReadStream(path),
    parts: () => partsOfPath(path),
  };
}

/**
 * A file that a task stored.
 * @example readRows(storedFile(files, inputs.trips))
 */
export function storedFile(files: Pick<TaskFiles, "open" | "path">, file: FileRef): RowFile {
  return {
    name: file.name,
    stream: () => files.open(file),
    parts: async () => partsOfPath(await files.path(file)),
  };
}

/**
 * An object of a store. Its parts are of one version: reading fails when the object is
 * replaced meanwhile.
 * @example readRows(objectFile(await lake.open(context), "trips.parquet"))
 */
export function objectFile(store: ObjectReader, key: string): RowFile {
  return {
    name: store.urlOf(key),
    stream: () => store.get(key),
    parts: async () => {
      const head = await store.head(key);
      if (head === null) throw new Error(`There is no object ${store.urlOf(key)}`);
      const { size, etag } = head;
      return {
        size,
        read: (from, length) => store.range(key, from, length, { etag }),
        close: async () => {},
      };
    },
  };
}

async function partsOfPath(path: string): Promise<FileParts> {
  const file = await open(path);
  const { size } = await file.stat();
  return {
    size,
    read: async (from, length) => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, from);
      return buffer.subarray(0, bytesRead);
    },
    close: () => file.close(),
  };
}
