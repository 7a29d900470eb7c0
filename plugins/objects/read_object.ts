/**
 * Reads one version of an object part by part. Each part is whole, with the retries of
 * its client, before the reader gets it: a connection that breaks costs one part.
 */
import type { ObjectAddress, ObjectBackend, StoredObject } from "dagsmith";

/** One part is in memory. */
const PART_BYTES = 8 * 1024 * 1024;

interface ReadableObject {
  readonly backend: ObjectBackend;
  readonly at: ObjectAddress;
  /** For messages. */
  readonly url: string;
}

/** @throws Error when the object is replaced or deleted meanwhile */
export async function* readObject(
  { backend, at, url }: ReadableObject,
  { size, etag }: Pick<StoredObject, "size" | "etag">,
): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < size; ) {
    const part = await backend.range(at, { from, length: PART_BYTES, etag });
    if (typeof part === "string" || part.length === 0)
      throw new Error(
        `${url} was ${part === "missing" ? "deleted" : "replaced"} after ${from} of ${size} bytes were read; read it again`,
      );
    yield part;
    from += part.length;
  }
}

/** A retry may find it. */
export function noObject(url: string): Error {
  return new Error(`There is no object ${url}`);
}
