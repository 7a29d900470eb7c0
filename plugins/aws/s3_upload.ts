/** Uploads a stream to S3 in parts, and takes the parts back when it fails. */
import { Readable, type Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import {
  AbortMultipartUploadCommand,
  type PutObjectCommandInput,
  type S3Client,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { errorMessage, type TaskLog } from "dagsmith";
import { ByteCount } from "./s3_body.ts";

/**
 * 10,000 parts are allowed, so objects may reach 80 GB. Four parts are in flight: 32 MiB
 * of memory.
 */
const PART_BYTES = 8 * 1024 * 1024;
const PARTS_IN_FLIGHT = 4;

/** A client, and when its requests end. */
export interface S3Session {
  readonly client: S3Client;
  /** Where requests go, for messages. */
  readonly host: string;
  readonly signal: AbortSignal;
  /** Ends the requests that must not end with the try at once. */
  readonly late: AbortSignal;
  readonly log: TaskLog;
}

/** @param through changes the bytes on their way, such as gzip */
export async function uploadStream(
  session: S3Session,
  body: AsyncIterable<Uint8Array | string>,
  params: Omit<PutObjectCommandInput, "Body"> & { readonly Bucket: string; readonly Key: string },
  through: readonly Transform[] = [],
): Promise<{ readonly size: number; readonly etag: string }> {
  const { signal } = session;
  signal.throwIfAborted();
  const counted = new ByteCount();
  // An error or an abort destroys every step, the last one too; then Upload takes back
  // the parts it has sent. Its own abort would return before that is done.
  const steps = [Readable.from(body, { objectMode: false }), ...through, counted];
  pipeline(steps, { signal }).catch(() => {});
  try {
    const { ETag = "" } = await new Upload({
      client: withWarnedAbort(session, `s3://${params.Bucket}/${params.Key}`),
      params: { ...params, Body: counted },
      ...{ partSize: PART_BYTES, queueSize: PARTS_IN_FLIGHT },
    }).done();
    return { size: counted.bytes, etag: ETag };
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    counted.destroy();
  }
}

/**
 * A client for one upload. When the source fails, its error is what matters: that the
 * parts could not be taken back is only a warning. A service that never answers would
 * hold the upload, so each request ends with `late`.
 */
function withWarnedAbort({ client, log, late: abortSignal }: S3Session, object: string): S3Client {
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
