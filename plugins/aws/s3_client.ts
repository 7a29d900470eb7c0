/** The client of the S3 hook, on the AWS SDK. Apart from the hook, because importing the SDK takes 250 ms. */
import { addAbortSignal, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import {
  type _Object,
  CopyObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import type { AwsConfig } from "./connection.ts";
import type { PutOptions, S3, S3Object, S3ObjectHead } from "./s3.ts";
import { ByteCount, wholeBody } from "./s3_body.ts";
import { isMissing, s3Error } from "./s3_error.ts";

const MAX_ATTEMPTS = 5;
const CONNECTION_TIMEOUT_MS = 10_000;
/** A server that holds a connection open and says nothing for this long has failed. */
const IDLE_TIMEOUT_MS = 120_000;
/** 10,000 parts are allowed, so objects may reach 80 GB. Four parts are in flight: 32 MiB of memory. */
const PART_BYTES = 8 * 1024 * 1024;
const PARTS_IN_FLIGHT = 4;
/** The most that one DeleteObjects takes. */
const DELETE_BATCH = 1000;

/** Opens a client. `signal` ends every request. */
export function openS3(config: AwsConfig, signal: AbortSignal): S3 {
  return new SdkS3(
    new S3Client({
      ...config,
      maxAttempts: MAX_ATTEMPTS,
      requestHandler: { connectionTimeout: CONNECTION_TIMEOUT_MS, socketTimeout: IDLE_TIMEOUT_MS },
      // Stores that only imitate S3 know neither virtual hosts nor the trailing checksums, and would store the chunk framing as content.
      ...(config.endpoint && {
        forcePathStyle: true,
        requestChecksumCalculation: "WHEN_REQUIRED",
        responseChecksumValidation: "WHEN_REQUIRED",
      }),
    }),
    signal,
  );
}

class SdkS3 implements S3 {
  readonly client: S3Client;
  readonly #signal: AbortSignal;

  constructor(client: S3Client, signal: AbortSignal) {
    this.client = client;
    this.#signal = signal;
  }

  async putStream(
    bucket: string,
    key: string,
    body: AsyncIterable<Uint8Array | string>,
    options: PutOptions = {},
  ) {
    return named("PutObject", bucket, key, async () => {
      this.#signal.throwIfAborted();
      const counted = new ByteCount();
      // An error or an abort destroys every step, the last one too; then Upload takes back the parts it has sent. Its own abort would
      // return before that is done.
      const flow = pipeline(
        [
          Readable.from(body, { objectMode: false }),
          ...(options.gzip ? [createGzip()] : []),
          counted,
        ],
        {
          signal: this.#signal,
        },
      );
      flow.catch(() => {});
      try {
        await this.#upload(bucket, key, counted, options).done();
        return { bytes: counted.bytes };
      } catch (error) {
        throw this.#signal.aborted ? this.#signal.reason : error;
      } finally {
        counted.destroy();
      }
    });
  }

  #upload(bucket: string, key: string, body: Readable, { contentType, gzip }: PutOptions): Upload {
    return new Upload({
      client: this.client,
      params: {
        Bucket: bucket,
        Key: key,
        Body: body,
        ContentType: contentType ?? "application/octet-stream",
        ...(gzip && { ContentEncoding: "gzip" }),
      },
      partSize: PART_BYTES,
      queueSize: PARTS_IN_FLIGHT,
    });
  }

  putText(bucket: string, key: string, text: string, options: PutOptions = {}) {
    const typed = { contentType: "text/plain; charset=utf-8", ...options };
    return this.putStream(bucket, key, Readable.from([Buffer.from(text)]), typed);
  }

  async getStream(bucket: string, key: string): Promise<Readable> {
    return named("GetObject", bucket, key, async () => {
      const object = await this.client.send(new GetObjectCommand({ Bucket: bucket, Key: key }), {
        abortSignal: this.#signal,
      });
      const chunks = wholeBody(
        object.Body as Readable,
        object.ContentLength,
        `s3://${bucket}/${key}`,
      );
      const body = addAbortSignal(this.#signal, Readable.from(chunks, { objectMode: false }));
      if (object.ContentEncoding !== "gzip") return body;
      const plain = createGunzip();
      // An error of the body reaches the caller through the stream it reads.
      pipeline(body, plain).catch(() => {});
      return plain;
    });
  }

  async getText(bucket: string, key: string): Promise<string> {
    const chunks: Buffer[] = [];
    for await (const chunk of await this.getStream(bucket, key)) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString("utf8");
  }

  async head(bucket: string, key: string): Promise<S3ObjectHead | null> {
    return named("HeadObject", bucket, key, async () => {
      try {
        const head = await this.client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }), {
          abortSignal: this.#signal,
        });
        const object = objectOf({
          Key: key,
          Size: head.ContentLength,
          ETag: head.ETag,
          LastModified: head.LastModified,
        });
        return {
          ...object,
          contentType: head.ContentType ?? null,
          contentEncoding: head.ContentEncoding ?? null,
        };
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    });
  }

  async exists(bucket: string, key: string): Promise<boolean> {
    return (await this.head(bucket, key)) !== null;
  }

  async *list(bucket: string, prefix = ""): AsyncGenerator<S3Object> {
    const pages = paginateListObjectsV2(
      { client: this.client },
      { Bucket: bucket, Prefix: prefix },
      { abortSignal: this.#signal },
    );
    try {
      for await (const { Contents = [] } of pages) yield* Contents.map(objectOf);
    } catch (error) {
      throw s3Error("ListObjects", bucket, prefix, error);
    }
  }

  async delete(bucket: string, keys: string | readonly string[]): Promise<void> {
    const all = typeof keys === "string" ? [keys] : keys;
    for (let start = 0; start < all.length; start += DELETE_BATCH)
      await this.#deleteBatch(bucket, all.slice(start, start + DELETE_BATCH));
  }

  async #deleteBatch(bucket: string, keys: readonly string[]): Promise<void> {
    await named("DeleteObjects", bucket, keys[0] ?? "", async () => {
      const Delete = { Objects: keys.map((Key) => ({ Key })), Quiet: true };
      const { Errors = [] } = await this.client.send(
        new DeleteObjectsCommand({ Bucket: bucket, Delete }),
        { abortSignal: this.#signal },
      );
      // A partly failed batch answers 200.
      const [first] = Errors;
      if (first)
        throw new Error(
          `${Errors.length} of ${keys.length} keys were not deleted, the first ${first.Key}: ${first.Message}`,
        );
    });
  }

  async copy(
    from: { bucket: string; key: string },
    to: { bucket: string; key: string },
  ): Promise<void> {
    const CopySource = `${from.bucket}/${from.key.split("/").map(encodeURIComponent).join("/")}`;
    await named("CopyObject", from.bucket, from.key, () =>
      this.client.send(new CopyObjectCommand({ CopySource, Bucket: to.bucket, Key: to.key }), {
        abortSignal: this.#signal,
      }),
    );
  }
}

async function named<Result>(
  operation: string,
  bucket: string,
  key: string,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw s3Error(operation, bucket, key, error);
  }
}

function objectOf(object: _Object): S3Object {
  return {
    key: object.Key ?? "",
    size: object.Size ?? 0,
    etag: object.ETag ?? "",
    lastModified: object.LastModified ?? new Date(0),
  };
}
