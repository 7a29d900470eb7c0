/**
 * Object stores: what the plugin of a system gives, so that operators, sensors and
 * transfers work the same over every system.
 */

/**
 * Where an object is.
 * @example const at: ObjectAddress = { bucket: "lake", key: "raw/trips.csv" };
 */
export interface ObjectAddress {
  /** A bucket, a container of Azure, or the path of a folder. */
  readonly bucket: string;
  /** The whole key, without a leading slash. */
  readonly key: string;
}

/**
 * An object without its content.
 * @example
 * for await (const { key, size }: StoredObject of store.list("raw/")) log.info(key, size);
 */
export interface StoredObject {
  /** In a store of `objectStore()`: below the prefix of the store. */
  readonly key: string;
  /** Bytes as stored. */
  readonly size: number;
  /** Differs for each content that the key had. */
  readonly etag: string;
  /** When it was written. */
  readonly lastModified: Date;
}

/**
 * What a store says of one object.
 * @example const head: ObjectHead | null = await store.head("trips.csv");
 */
export interface ObjectHead extends StoredObject {
  /** The MIME type; null when the store keeps none. */
  readonly contentType: string | null;
  /** Such as `gzip`; the content is returned as stored. */
  readonly contentEncoding: string | null;
  /** In the words of the system, such as `STANDARD` or `Hot`; null without classes. */
  readonly storageClass: string | null;
  /** In the words of the system: its algorithm or key; null when it names none. */
  readonly encryption: string | null;
  /** Texts of its owner, by lower-case names. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * How an object is stored.
 * @example
 * const options: PutObjectOptions = { contentType: "text/csv", metadata: { owner: "ann" } };
 */
export interface PutObjectOptions {
  /** The MIME type. Default `application/octet-stream`. */
  readonly contentType?: string;
  /** How the content is already encoded, such as `gzip`. Default: none. */
  readonly contentEncoding?: string;
  /**
   * Printable ASCII texts by names of lower-case letters, digits and `_`, at most 2 KiB
   * together. Default: none.
   */
  readonly metadata?: Readonly<Record<string, string>>;
  /** In the words of the system. Default: that of the bucket. */
  readonly storageClass?: string;
  /**
   * The key that encrypts the object: an id of AWS KMS, a name of Cloud KMS, a scope of
   * Azure. Default: that of the bucket.
   */
  readonly encryptionKey?: string;
}

/**
 * A folder in a listing of one level: the keys below it are not listed.
 * @example const folder: ObjectFolder = { prefix: "raw/2026/" };
 */
export interface ObjectFolder {
  /** How its keys begin, with `/` at its end. */
  readonly prefix: string;
}

/**
 * The objects of one system through one connection. A plugin implements it; tasks use
 * `objectStore()` of `dagsmith/plugins/objects`, which has one. Every verb ends with the
 * try, and rejects with an Error that names system, verb and object. A missing bucket and
 * refused credentials are a FailTask.
 * @example
 * const { objects }: { objects: ObjectBackend } = await hook(gcsHook("lake"));
 */
export interface ObjectBackend {
  /** The name of the system, for messages. */
  readonly system: string;
  /** The longest object that {@link copy} takes, in bytes; null without a limit. */
  readonly maxCopyBytes: number | null;
  /**
   * Stores a stream of unknown length as one object, in flat memory. When the stream
   * fails or the try ends, the old object, if any, stays and nothing is left behind.
   */
  put(
    at: ObjectAddress,
    bytes: AsyncIterable<Uint8Array>,
    options: PutObjectOptions,
  ): Promise<Pick<StoredObject, "size" | "etag">>;
  /**
   * At most `length` bytes, fewer when the object ends before. `changed` when it has
   * another etag than the one given.
   */
  range(
    at: ObjectAddress,
    range: { readonly from: number; readonly length: number; readonly etag: string | null },
  ): Promise<Uint8Array | "missing" | "changed">;
  /** Null when there is no such object. */
  head(at: ObjectAddress): Promise<ObjectHead | null>;
  /**
   * In the order of the keys, page by page as they are read. With a delimiter, all keys
   * that have one after the prefix are a folder.
   */
  list(
    bucket: string,
    of: { readonly prefix: string; readonly delimiter: "/" | null },
  ): AsyncIterable<StoredObject | ObjectFolder>;
  /** Copies within the system, with content type and metadata. */
  copy(from: ObjectAddress, to: ObjectAddress): Promise<void>;
  /** A key that does not exist is no error. */
  delete(bucket: string, keys: readonly string[]): Promise<void>;
  /** A URL that needs no credentials. */
  presign(
    at: ObjectAddress,
    of: { readonly method: "GET" | "PUT"; readonly seconds: number },
  ): Promise<string>;
}
