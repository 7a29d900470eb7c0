/**
 * The client of the S3 hook, on the AWS SDK. Apart from the hook, because importing the
 * SDK takes 250 ms.
 */
import { addAbortSignal, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import {
  type _Object,
  AbortMultipartUploadCommand,
  CopyObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { errorMessage, FailTask, type TaskLog } from "dagsmith";
import { awsError, statusOf } from "./aws_error.ts";
import type { AwsConfig } from "./config.ts";
import { gunzipped } from "./gzip.ts";
import { lateSignal } from "./late_signal.ts";
import type { PutOptions, S3, S3Object, S3ObjectHead } from "./s3.ts";
import { ByteCount, wholeBody } from "./s3_body.ts";

const MAX_ATTEMPTS = 5;
const CONNECTION_TIMEOUT_MS = 10_000;
/** A server that holds a connection open and says nothing for this long has failed. */
const IDLE_TIMEOUT_MS = 120_000;
/**
 * 10,000 parts are allowed, so objects may reach 80 GB. Four parts are in flight: 32 MiB
 * of memory.
 */
const PART_BYTES = 8 * 1024 * 1024;
const PARTS_IN_FLIGHT = 4;
/** The most that one DeleteObjects takes. */
const DELETE_BATCH = 1000;

/** Opens a client. `signal` ends every request. */
export function openS3(config: AwsConfig, signal: AbortSignal, log: TaskLog): S3 {
  return new SdkS3(
    new S3Client({
      ...config,
      maxAttempts: MAX_ATTEMPTS,
      requestHandler: { connectionTimeout: CONNECTION_TIMEOUT_MS, socketTimeout: IDLE_TIMEOUT_MS },
      // Stores that only imitate S3 know neither virtual hosts nor the trailing
      // checksums, and would store the chunk framing as content.
      ...(config.endpoint && {
        forcePathStyle: true,
        requestChecksumCalculation: "WHEN_REQUIRED",
        responseChecksumValidation: "WHEN_REQUIRED",
      }),
    }),
    hostOf(config),
    signal,
    log,
  );
}

function hostOf({ endpoint, region }: AwsConfig): string {
  return endpoint ? new URL(endpoint).host : `Amazon S3${region ? ` in ${region}` : ""}`;
}

class SdkS3 implements S3 {
  readonly client: S3Client;
  readonly #host: string;
  readonly #signal: AbortSignal;
  readonly #late: AbortSignal;
  readonly #log: TaskLog;

  constructor(client: S3Client, host: string, signal: AbortSignal, log: TaskLog) {
    this.client = client;
    this.#host = host;
    this.#signal = signal;
    this.#late = lateSignal(signal);
    this.#log = log;
  }

  async #named<Result>(
    operation: string,
    bucket: string,
    key: string,
    work: () => Promise<Result>,
  ): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      throw awsError(`S3 ${operation} s3://${bucket}/${key}`, this.#host, error);
    }
  }

  async putStream(
    bucket: string,
    key: string,
    body: AsyncIterable<Uint8Array | string>,
    options: PutOptions = {},
  ) {
    return this.#named("PutObject", bucket, key, async () => {
      this.#signal.throwIfAborted();
      const counted = new ByteCount();
      // An error or an abort destroys every step, the last one too; then Upload takes
      // back the parts it has sent. Its own abort would return before that is done.
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
      client: withWarnedAbort(this.client, `s3://${bucket}/${key}`, this.#log, this.#late),
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
    return this.#named("GetObject", bucket, key, async () => {
      const object = await this.client.send(new GetObjectCommand({ Bucket: bucket, Key: key }), {
        abortSignal: this.#signal,
      });
      const chunks = wholeBody(
        object.Body as Readable,
        object.ContentLength,
        `s3://${bucket}/${key}`,
      );
      const body = addAbortSignal(this.#signal, Readable.from(chunks, { objectMode: false }));
      return object.ContentEncoding === "gzip" ? gunzipped(body, `s3://${bucket}/${key}`) : body;
    });
  }

  async getText(bucket: string, key: string): Promise<string> {
    const chunks: Buffer[] = [];
    for await (const chunk of await this.getStream(bucket, key)) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString("utf8");
  }

  async head(bucket: string, key: string): Promise<S3ObjectHead | null> {
    return this.#named("HeadObject", bucket, key, async () => {
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
        if (statusOf(error) !== 404) throw error;
        await this.#refuseMissingBucket(bucket, key);
        return null;
      }
    });
  }

  /**
   * The answer to a HEAD has no body: it does not say whether the key or the bucket is
   * missing.
   */
  async #refuseMissingBucket(bucket: string, key: string): Promise<void> {
    try {
      await this.client.send(new HeadBucketCommand({ Bucket: bucket }), {
        abortSignal: this.#signal,
      });
    } catch (error) {
      if (statusOf(error) === 404)
        throw new FailTask(`S3 HeadObject s3://${bucket}/${key}: there is no bucket ${bucket}`);
      // Without the right to list the bucket, only the key can be asked for.
      if (statusOf(error) !== 403) throw error;
    }
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
      throw awsError(`S3 ListObjects s3://${bucket}/${prefix}`, this.#host, error);
    }
  }

  async delete(bucket: string, keys: string | readonly string[]): Promise<void> {
    const all = typeof keys === "string" ? [keys] : keys;
    for (let start = 0; start < all.length; start += DELETE_BATCH)
      await this.#deleteBatch(bucket, all.slice(start, start + DELETE_BATCH));
  }

  async #deleteBatch(bucket: string, keys: readonly string[]): Promise<void> {
    await this.#named("DeleteObjects", bucket, keys[0] ?? "", async () => {
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
    await this.#named("CopyObject", from.bucket, from.key, () =>
      this.client.send(new CopyObjectCommand({ CopySource, Bucket: to.bucket, Key: to.key }), {
        abortSignal: this.#signal,
      }),
    );
  }
}

/**
 * A client for one upload. When the source fails, its error is what matters: that the
 * parts could not be taken back is only a warning. A service that never answers would
 * hold the upload, so each request ends with `abortSignal`.
 */
function withWarnedAbort(
  client: S3Client,
  object: string,
  log: TaskLog,
  abortSignal: AbortSignal,
): S3Client {
  const send = async (command: unknown): Promise<unknown> => {
    const sent = (client.send as (...all: unknown[]) => Promise<unknown>)(command, { abortSignal });
    if (!(command instanceof AbortMultipartUploadCommand)) return sent;
    return sent.catch((error: unknown) =>
      log.warn(
        `the parts of the upload of ${object} stay in the bucket, because AbortMultipartUpload was refused (it needs the right s3:AbortMultipartUpload): ${errorMessage(error)}`,
      ),
    );
  };
  return Object.assign(Object.create(client) as S3Client, { send });
}

function objectOf(object: _Object): S3Object {
  return {
    key: object.Key ?? "",
    size: object.Size ?? 0,
    etag: object.ETag ?? "",
    lastModified: object.LastModified ?? new Date(0),
  };
}
