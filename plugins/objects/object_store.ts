/** What tasks see of an object store, the same over every system. */
import type { Readable } from "node:stream";
import type {
  Duration,
  FileContent,
  ObjectFolder,
  ObjectHead,
  PutObjectOptions,
  StoredObject,
} from "dagsmith";

/**
 * The objects below one URL. Keys are below its prefix. Requests are repeated when the
 * system throttles or fails. Each verb rejects with an Error that names system and
 * object; a missing bucket and refused credentials are a FailTask.
 */
export interface ObjectStore {
  /** Such as `s3://lake/raw/`. */
  readonly url: string;
  /**
   * Stores text (as UTF-8), bytes, a stream or a file of this machine, in flat memory.
   * When the source fails or the try ends, the old object, if any, stays and nothing is
   * left behind.
   * @throws DagsmithError INVALID_ARGUMENT for a key or an option that not every system
   *   stores
   */
  put(
    key: string,
    content: FileContent,
    options?: PutObjectOptions,
  ): Promise<Pick<StoredObject, "key" | "size" | "etag">>;
  /**
   * The content as stored, as a stream of one version: it fails when the object is
   * replaced or deleted meanwhile.
   */
  get(key: string): Promise<Readable>;
  /** The content as UTF-8 text, all of it in memory. */
  text(key: string): Promise<string>;
  /**
   * At most `length` bytes; fewer, or none, when the object ends before.
   * @param options.etag the version that is read: fails when the object was replaced.
   *   Default: any version
   */
  range(
    key: string,
    from: number,
    length: number,
    options?: { readonly etag?: string },
  ): Promise<Uint8Array>;
  /** Null when there is no such object. */
  head(key: string): Promise<ObjectHead | null>;
  /** All objects whose key begins with `prefix`, in key order. Default: all. */
  list(prefix?: string): AsyncIterable<StoredObject>;
  /**
   * One level of a listing: the objects whose key has no `/` after the prefix, and a
   * folder for all others.
   */
  listFolder(prefix?: string): AsyncIterable<StoredObject | ObjectFolder>;
  /** Copies within the store, on the side of the system where it can. */
  copy(from: string, to: string): Promise<void>;
  /** A key that does not exist is no error. */
  delete(key: string): Promise<void>;
  /** As {@link delete}, for many. */
  deleteMany(keys: Iterable<string> | AsyncIterable<string>): Promise<void>;
  /**
   * A URL for a client without credentials. Every client that has it may read or write the object
   * until it expires.
   * @param options.method default `GET`
   * @param options.expiresIn at most 7 days. Default `"1h"`
   * @throws FailTask when the system or the credentials of the connection cannot sign
   */
  presign(
    key: string,
    options?: { readonly method?: "GET" | "PUT"; readonly expiresIn?: Duration },
  ): Promise<string>;
  /** The URL of an object, for messages and assets. */
  urlOf(key: string): string;
}
