/**
 * What tasks and other plugins see of S3: the contract between the hook and its client.
 */
import type { Readable } from "node:stream";
import type { S3Client } from "@aws-sdk/client-s3";
import type { ObjectBackend } from "dagsmith";

/** An object, without its content. */
export interface S3Object {
  readonly key: string;
  /** Bytes as stored. */
  readonly size: number;
  readonly etag: string;
  readonly lastModified: Date;
}

/** What HEAD tells besides. */
export interface S3ObjectHead extends S3Object {
  readonly contentType: string | null;
  /** `gzip` for an object stored by {@link S3.putStream} with that option. */
  readonly contentEncoding: string | null;
}

export interface PutOptions {
  /** MIME type. Default `application/octet-stream`. */
  readonly contentType?: string;
  /**
   * Compresses on the way and marks the object `Content-Encoding: gzip`; {@link
   * S3.getStream} undoes it. Default false.
   */
  readonly gzip?: boolean;
}

/**
 * S3 in streams. Every method throws an Error that names operation, bucket and key; a
 * missing bucket and refused credentials are FailTask. Requests are tried 5 times, with
 * backoff, when S3 throttles or fails.
 */
export interface S3 {
  /**
   * Stores a stream of unknown length as one object, holding at most 32 MiB of it in
   * memory. When the source throws, or the try is aborted, nothing is stored and no part
   * is left behind: the old object, if any, stays.
   * @returns `bytes`, the size of the object as stored
   */
  putStream(
    bucket: string,
    key: string,
    body: AsyncIterable<Uint8Array | string>,
    options?: PutOptions,
  ): Promise<{ readonly bytes: number }>;
  /** Stores text as UTF-8. */
  putText(
    bucket: string,
    key: string,
    text: string,
    options?: PutOptions,
  ): Promise<{ readonly bytes: number }>;
  /**
   * The content, unzipped if it is marked as gzip. The stream fails when S3 sends fewer
   * bytes than it announced.
   */
  getStream(bucket: string, key: string): Promise<Readable>;
  /** The content as UTF-8 text, all of it in memory. */
  getText(bucket: string, key: string): Promise<string>;
  /** Null when there is no such object. */
  head(bucket: string, key: string): Promise<S3ObjectHead | null>;
  exists(bucket: string, key: string): Promise<boolean>;
  /**
   * All objects whose key begins with `prefix`, in key order, page by page as they are
   * read.
   */
  list(bucket: string, prefix?: string): AsyncIterable<S3Object>;
  /** Deletes one object or many. A key that does not exist is no error. */
  delete(bucket: string, keys: string | readonly string[]): Promise<void>;
  /** Copies an object of at most 5 GiB within S3. */
  copy(
    from: { readonly bucket: string; readonly key: string },
    to: { readonly bucket: string; readonly key: string },
  ): Promise<void>;
  /** The verbs that every object store has, for code that serves all of them. */
  readonly objects: ObjectBackend;
  /** The SDK's client, for everything else. */
  readonly client: S3Client;
}
