/**
 * Large values in a bucket of S3, or of a store that speaks its protocol. The only file of the runtime that knows the AWS SDK, and never
 * imported but with the first value: it takes 35 MB. Who may enter the bucket is found by the SDK's own chain.
 */

import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import type { S3Folder } from "../../config.ts";
import { type LargeValues, pathOf } from "./store.ts";

const SECOND = 1_000;
/** For everything that one value needs, tries and pauses between them included. It ends what hangs wherever it hangs. */
const DEADLINE_MS = 60 * SECOND;
const CONNECTION_TIMEOUT_MS = 5 * SECOND;
/** A store that holds a connection open and says nothing for this long has failed. */
const IDLE_TIMEOUT_MS = 15 * SECOND;
const MAX_ATTEMPTS = 4;
/** More than are ever needed at once: a request that waits for a connection of ours would count as one that the store does not take. */
const MAX_CONNECTIONS = 256;
/** The SDK tries again what fails before the body; a body that breaks off is asked for again here. */
const BODY_ATTEMPTS = 3;
/** An endpoint of one's own cares little for the region, but requests are signed with one. */
const REGION_OF_CUSTOM_ENDPOINTS = "us-east-1";
const LONGEST_REASON = 500;

/** @param options.deadlineMs default 60 s */
export function openS3Values(
  folder: S3Folder,
  { deadlineMs = DEADLINE_MS } = {},
): Omit<LargeValues, "place"> {
  const client = clientOf(folder);
  const operations = new Operations(deadlineMs);
  const object = (name: string) => ({
    Bucket: folder.bucket,
    Key: `${folder.prefix}${pathOf(name)}`,
  });
  return {
    // In one request, because one is whole or nothing. An upload in parts pays from 100 MB on, and a worker that dies leaves parts behind
    // that no listing shows and somebody pays for.
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
    remove: (name) =>
      operations.run(async (abortSignal) => {
        await client
          .send(new DeleteObjectCommand(object(name)), { abortSignal })
          .catch(unlessMissing);
      }),
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
    // Stores that only imitate S3 may refuse checksums that they do not know. What is read is checked against the database anyway.
    ...(endpoint !== null && {
      endpoint,
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
    }),
  });
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

/** Only the object may be missing: without its bucket, nothing can be said of what was in it. */
function unlessMissing(error: unknown): undefined {
  if (error instanceof Error && error.name === "NoSuchKey") return undefined;
  throw error;
}

/** What is under way. Each operation ends by its deadline or when all are closed, also where the SDK itself waits for good. */
class Operations {
  readonly #deadlineMs: number;
  readonly #underWay = new Set<AbortController>();

  constructor(deadlineMs: number) {
    this.#deadlineMs = deadlineMs;
  }

  /** @throws Error in one line for people, whatever the SDK threw */
  async run<Result>(work: (abortSignal: AbortSignal) => Promise<Result>): Promise<Result> {
    const controller = new AbortController();
    const { signal } = controller;
    const late = new Error(`it was not done within ${this.#deadlineMs / SECOND} s`);
    const timer = setTimeout(() => controller.abort(late), this.#deadlineMs);
    this.#underWay.add(controller);
    const aborted = Promise.withResolvers<never>();
    signal.addEventListener("abort", () => aborted.reject(signal.reason), { once: true });
    try {
      return await Promise.race([work(signal), aborted.promise]);
    } catch (error) {
      throw signal.aborted ? signal.reason : new Error(reasonOf(error), { cause: error });
    } finally {
      clearTimeout(timer);
      this.#underWay.delete(controller);
    }
  }

  close(): void {
    for (const controller of this.#underWay) controller.abort(new Error("the worker stops"));
  }
}

/** What errors of the SDK and of the network have in common, and most have not. */
interface Failure {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly statusCode?: number };
}

/** The store's own word and its status, or what the network did. No secret and no signature is in it: the SDK repeats no request. */
function reasonOf(error: unknown): string {
  const { name = "", code, message = "", $metadata, $response } = (error ?? {}) as Failure;
  const status = $metadata?.httpStatusCode ?? $response?.statusCode;
  // The SDK calls a broken connection a time-out; and where several addresses refused, there is no message.
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
