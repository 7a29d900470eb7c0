/**
 * Large values in a bucket of S3, or of a store with the same API. The only file of the
 * runtime that imports the AWS SDK. It is imported with the first value only, because the
 * SDK takes 35 MB. The SDK finds the credentials.
 */

import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { isDagsmithError } from "../../sdk/errors.ts";
import type { S3Folder } from "../config/s3_folder.ts";
import { DEADLINE_MS, Operations } from "./operations.ts";
import { type LargeValues, pathOf } from "./store.ts";

const SECOND = 1_000;
const CONNECTION_TIMEOUT_MS = 5 * SECOND;
/** A store that holds a connection open and sends nothing for this long has failed. */
const IDLE_TIMEOUT_MS = 15 * SECOND;
const MAX_ATTEMPTS = 4;
/**
 * More than are ever needed at once: a request that waits for one of our own connections
 * would count as a request that the store does not answer.
 */
const MAX_CONNECTIONS = 256;
/**
 * The SDK retries a request that fails before the body. A body that breaks off is
 * requested again here.
 */
const BODY_ATTEMPTS = 3;
/** A custom endpoint ignores the region, but requests must be signed with a region. */
const REGION_OF_CUSTOM_ENDPOINTS = "us-east-1";
const LONGEST_REASON = 500;
/** A file has at most 10,000 parts. Two parts at a time are in memory. */
const UPLOAD = { partSize: 16 * 1024 * 1024, queueSize: 2 };

/** @param options.deadlineMs default 60 s */
export function openS3Values(
  folder: S3Folder,
  { deadlineMs = DEADLINE_MS } = {},
): Omit<LargeValues, "place"> {
  const client = clientOf(folder);
  const operations = new Operations(deadlineMs, failureOf);
  const object = (name: string) => ({
    Bucket: folder.bucket,
    Key: `${folder.prefix}${pathOf(name)}`,
  });
  const remove = (name: string): Promise<void> =>
    operations.run(async (abortSignal) => {
      await client
        .send(new DeleteObjectCommand(object(name)), { abortSignal })
        .catch(unlessMissing);
    });
  return {
    // One request, because the object then is complete or does not exist. A multipart
    // upload pays from 100 MB on. When a worker dies, it leaves parts that no listing
    // shows and that cost money.
    write: (name, bytes) =>
      operations.run(async (abortSignal) => {
        await client.send(
          new PutObjectCommand({ ...object(name), Body: bytes, ContentType: "application/json" }),
          { abortSignal },
        );
      }),
    read: (name) =>
      operations.run((abortSignal) =>
        readWhole(client, new GetObjectCommand(object(name)), abortSignal),
      ),
    writeStream: (name, bytes) => {
      const params = { ...object(name), Body: Readable.from(bytes, { objectMode: false }) };
      const upload = new Upload({ client, params, ...UPLOAD });
      return operations.runLong(
        () => upload.done(),
        () => void upload.abort(),
      );
    },
    readRange: (name, from, length) =>
      operations.run((abortSignal) => {
        const range = { Range: `bytes=${from}-${from + length - 1}` };
        return readWhole(client, new GetObjectCommand({ ...object(name), ...range }), abortSignal);
      }),
    remove,
    abandon: async (name) => {
      await remove(name);
      await operations.run((abortSignal) => abortUploads(client, object(name), abortSignal));
    },
    close: () => {
      operations.close();
      client.destroy();
    },
  };
}

function clientOf({ endpoint, region, pathStyle }: S3Folder): S3Client {
  const signedFor = region ?? (endpoint === null ? null : REGION_OF_CUSTOM_ENDPOINTS);
  const agent = { keepAlive: true, maxSockets: MAX_CONNECTIONS };
  return new S3Client({
    ...(signedFor !== null && { region: signedFor }),
    forcePathStyle: pathStyle,
    maxAttempts: MAX_ATTEMPTS,
    requestHandler: {
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      socketTimeout: IDLE_TIMEOUT_MS,
      httpAgent: agent,
      httpsAgent: agent,
    },
    // Servers with the S3 API may refuse checksums that they do not know. Values are
    // checked against the hash in the database when they are read.
    ...(endpoint !== null && {
      endpoint,
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
    }),
  });
}

/** Parts of an upload that died are in no listing of objects, and cost money. */
async function abortUploads(
  client: S3Client,
  object: { readonly Bucket: string; readonly Key: string },
  abortSignal: AbortSignal,
): Promise<void> {
  const { Bucket, Key } = object;
  const list = new ListMultipartUploadsCommand({ Bucket, Prefix: Key });
  const { Uploads = [] } = await client.send(list, { abortSignal });
  for (const { UploadId } of Uploads)
    await client.send(new AbortMultipartUploadCommand({ ...object, UploadId }), { abortSignal });
}

async function readWhole(
  client: S3Client,
  command: GetObjectCommand,
  abortSignal: AbortSignal,
): Promise<Buffer | undefined> {
  for (let attempt = 1; ; attempt++) {
    const body = await client
      .send(command, { abortSignal })
      .then((answer) => answer.Body as Readable, unlessMissing);
    if (!body) return undefined;
    try {
      return await buffer(body);
    } catch (error) {
      if (attempt === BODY_ATTEMPTS || abortSignal.aborted) throw error;
    }
  }
}

/**
 * Only the object may be missing: when the bucket is missing, its objects are unknown.
 */
function unlessMissing(error: unknown): undefined {
  if (error instanceof Error && error.name === "NoSuchKey") return undefined;
  throw error;
}

/** Our own errors come from the bytes, not from the store, and stay as they are. */
function failureOf(error: unknown): Error {
  return isDagsmithError(error) ? error : new Error(reasonOf(error), { cause: error });
}

/** Fields that errors of the SDK and of the network may have. */
interface Failure {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly statusCode?: number };
}

/**
 * The error code of the store and its status, or the error of the network. It contains no
 * secret and no signature: the SDK repeats no request.
 */
function reasonOf(error: unknown): string {
  const { name = "", code, message = "", $metadata, $response } = (error ?? {}) as Failure;
  const status = $metadata?.httpStatusCode ?? $response?.statusCode;
  // The SDK calls a broken connection a time-out. When several addresses refused, the
  // error has no message.
  if (status === undefined)
    return (
      oneLine(message.includes(code ?? "") ? message : `${message} (${code})`) || "no reason given"
    );
  if (message.includes("Deserialization error"))
    return `it does not answer as S3 does (HTTP ${status})`;
  return `${message === "UnknownError" ? "no reason given" : oneLine(`${name}: ${message}`)} (HTTP ${status})`;
}

function oneLine(text: string): string {
  return text.trim().replace(/\s+/g, " ").slice(0, LONGEST_REASON);
}
