/** The objects of S3 as an {@link ObjectBackend}: the verbs that every store has. */

import type { Readable } from "node:stream";
import {
  type _Object,
  CopyObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  type GetObjectCommandInput,
  HeadBucketCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  PutObjectCommand,
  paginateListObjectsV2,
  type StorageClass,
} from "@aws-sdk/client-s3";
import {
  FailTask,
  loadPackage,
  type ObjectAddress,
  type ObjectBackend,
  type ObjectHead,
  type PutObjectOptions,
  type StoredObject,
} from "dagsmith";
import { inKeyOrder, readBody } from "dagsmith/plugins/object_backend";
import { awsError, statusOf } from "./aws_error.ts";
import { type S3Session, uploadStream } from "./s3_upload.ts";

/** The most that one DeleteObjects takes. */
const DELETE_BATCH = 1000;
const GIBIBYTE = 1024 ** 3;

export class S3Objects implements ObjectBackend {
  readonly system = "S3";
  readonly maxCopyBytes = 5 * GIBIBYTE;
  readonly #session: S3Session;

  constructor(session: S3Session) {
    this.#session = session;
  }

  /** Names operation and object in the errors of some work. */
  async named<Result>(
    operation: string,
    { bucket, key }: ObjectAddress,
    work: () => Promise<Result>,
  ): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      // An abort comes out as the reason of the try, whatever the SDK makes of it.
      this.#session.signal.throwIfAborted();
      throw awsError(`S3 ${operation} s3://${bucket}/${key}`, this.#session.host, error);
    }
  }

  put(at: ObjectAddress, bytes: AsyncIterable<Uint8Array>, options: PutObjectOptions) {
    return this.named("PutObject", at, () =>
      uploadStream(this.#session, bytes, { ...placeOf(at), ...paramsOf(options) }),
    );
  }

  range(
    at: ObjectAddress,
    { from, length, etag }: { from: number; length: number; etag: string | null },
  ): Promise<Uint8Array | "missing" | "changed"> {
    if (length <= 0) return Promise.resolve(new Uint8Array());
    const Range = `bytes=${from}-${from + length - 1}`;
    const input = { ...placeOf(at), Range, ...(etag && { IfMatch: etag }) };
    return this.named("GetObject", at, () => this.#body(at, input));
  }

  async #body(
    { bucket, key }: ObjectAddress,
    input: GetObjectCommandInput,
  ): Promise<Uint8Array | "missing" | "changed"> {
    const { client, host, signal } = this.#session;
    const from = { place: `S3 GetObject s3://${bucket}/${key}`, host, signal };
    try {
      return await readBody(from, async () => {
        const answer = await client.send(new GetObjectCommand(input), { abortSignal: signal });
        return answer.Body as Readable;
      });
    } catch (error) {
      const found = refusedRange(error);
      if (found === undefined) throw error;
      return found;
    }
  }

  head(at: ObjectAddress): Promise<ObjectHead | null> {
    return this.named("HeadObject", at, async () => {
      try {
        return headOf(at.key, await this.#send(new HeadObjectCommand(placeOf(at))));
      } catch (error) {
        if (statusOf(error) !== 404) throw error;
        await this.#refuseMissingBucket(at);
        return null;
      }
    });
  }

  #send(command: HeadObjectCommand): Promise<HeadObjectCommandOutput> {
    return this.#session.client.send(command, { abortSignal: this.#session.signal });
  }

  /**
   * The answer to a HEAD has no body: it does not say whether the key or the bucket is
   * missing.
   */
  async #refuseMissingBucket({ bucket, key }: ObjectAddress): Promise<void> {
    const { client, signal: abortSignal } = this.#session;
    try {
      await client.send(new HeadBucketCommand({ Bucket: bucket }), { abortSignal });
    } catch (error) {
      if (statusOf(error) === 404)
        throw new FailTask(`S3 HeadObject s3://${bucket}/${key}: there is no bucket ${bucket}`);
      // Without the right to list the bucket, only the key can be asked for.
      if (statusOf(error) !== 403) throw error;
    }
  }

  async *list(bucket: string, of: { prefix: string; delimiter: "/" | null }) {
    const { client, signal: abortSignal } = this.#session;
    const Delimiter = of.delimiter ?? undefined;
    const input = { Bucket: bucket, Prefix: of.prefix, ...(Delimiter && { Delimiter }) };
    try {
      for await (const page of paginateListObjectsV2({ client }, input, { abortSignal })) {
        const folders = (page.CommonPrefixes ?? []).map(({ Prefix = "" }) => ({ prefix: Prefix }));
        yield* inKeyOrder([...folders, ...(page.Contents ?? []).map(objectOf)]);
      }
    } catch (error) {
      abortSignal.throwIfAborted();
      throw awsError(`S3 ListObjects s3://${bucket}/${of.prefix}`, this.#session.host, error);
    }
  }

  async delete(bucket: string, keys: readonly string[]): Promise<void> {
    for (let start = 0; start < keys.length; start += DELETE_BATCH)
      await this.#deleteBatch(bucket, keys.slice(start, start + DELETE_BATCH));
  }

  #deleteBatch(bucket: string, keys: readonly string[]): Promise<void> {
    const { client, signal: abortSignal } = this.#session;
    return this.named("DeleteObjects", { bucket, key: keys[0] ?? "" }, async () => {
      const Delete = { Objects: keys.map((Key) => ({ Key })), Quiet: true };
      const command = new DeleteObjectsCommand({ Bucket: bucket, Delete });
      const { Errors = [] } = await client.send(command, { abortSignal });
      // A partly failed batch answers 200.
      const [first] = Errors;
      if (first)
        throw new Error(
          `${Errors.length} of ${keys.length} keys were not deleted, the first ${first.Key}: ${first.Message}`,
        );
    });
  }

  copy(from: ObjectAddress, to: ObjectAddress): Promise<void> {
    const { client, signal: abortSignal } = this.#session;
    const CopySource = `${from.bucket}/${from.key.split("/").map(encodeURIComponent).join("/")}`;
    return this.named("CopyObject", from, async () => {
      await client.send(new CopyObjectCommand({ CopySource, ...placeOf(to) }), { abortSignal });
    });
  }

  presign(
    at: ObjectAddress,
    { method, seconds }: { method: "GET" | "PUT"; seconds: number },
  ): Promise<string> {
    return this.named("presign", at, async () => {
      const name = "@aws-sdk/s3-request-presigner";
      const { getSignedUrl } = await loadPackage(
        "presign()",
        name,
        () => import("@aws-sdk/s3-request-presigner"),
      );
      const command =
        method === "GET" ? new GetObjectCommand(placeOf(at)) : new PutObjectCommand(placeOf(at));
      return getSignedUrl(this.#session.client, command, { expiresIn: seconds });
    });
  }
}

const placeOf = ({ bucket, key }: ObjectAddress) => ({ Bucket: bucket, Key: key });

function paramsOf(options: PutObjectOptions) {
  const { contentType, contentEncoding, metadata, storageClass, encryptionKey } = options;
  return {
    ContentType: contentType ?? "application/octet-stream",
    ...(contentEncoding && { ContentEncoding: contentEncoding }),
    ...(metadata && { Metadata: { ...metadata } }),
    ...(storageClass && { StorageClass: storageClass as StorageClass }),
    ...(encryptionKey && {
      ServerSideEncryption: "aws:kms" as const,
      SSEKMSKeyId: encryptionKey,
    }),
  };
}

/** What the refusal of a range says of the object; undefined for another error. */
function refusedRange(error: unknown): Uint8Array | "missing" | "changed" | undefined {
  if (error instanceof Error && error.name === "NoSuchKey") return "missing";
  const status = statusOf(error);
  if (status === 416) return new Uint8Array();
  return status === 412 ? "changed" : undefined;
}

function headOf(key: string, head: HeadObjectCommandOutput): ObjectHead {
  return {
    ...objectOf({
      Key: key,
      Size: head.ContentLength,
      ETag: head.ETag,
      LastModified: head.LastModified,
    }),
    contentType: head.ContentType ?? null,
    contentEncoding: head.ContentEncoding ?? null,
    // S3 names the class only when it is another one.
    storageClass: head.StorageClass ?? "STANDARD",
    encryption: head.SSEKMSKeyId ?? head.ServerSideEncryption ?? null,
    metadata: head.Metadata ?? {},
  };
}

function objectOf(object: _Object): StoredObject {
  return {
    key: object.Key ?? "",
    size: object.Size ?? 0,
    etag: object.ETag ?? "",
    lastModified: object.LastModified ?? new Date(0),
  };
}
