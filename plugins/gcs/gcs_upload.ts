/**
 * Uploads a stream of unknown length in a resumable session: part after part, each
 * repeated until Google has it. The object exists when the last part is stored.
 */
import { errorMessage, type ObjectAddress, type PutObjectOptions } from "dagsmith";
import { partsOf, type StreamPart } from "dagsmith/plugins/object_backend";
import type { HttpAnswer } from "./gcs_http.ts";
import type { GcsSession } from "./gcs_session.ts";

/** A multiple of 256 KiB, as Google asks. */
const PART_BYTES = 8 * 1024 * 1024;
/** How long the end of an upload may go on after an abort. */
const GRACE_MS = 5_000;
/** The session takes more. */
const MORE = 308;

/** @returns the description of the stored object, as JSON */
export async function uploadStream(
  session: GcsSession,
  at: ObjectAddress,
  bytes: AsyncIterable<Uint8Array>,
  options: PutObjectOptions,
): Promise<HttpAnswer> {
  const place = `GCS put gs://${at.bucket}/${at.key}`;
  session.signal.throwIfAborted();
  const upload = await begin(session, place, at, options);
  try {
    for await (const part of partsOf(bytes, PART_BYTES, session.signal)) {
      const answer = await sendPart(session, place, upload, part);
      if (part.isLast) return answer;
    }
    throw new Error(`${place}: the stream had no end`);
  } catch (error) {
    await cancel(session, place, upload);
    throw session.signal.aborted ? session.signal.reason : error;
  }
}

async function begin(
  session: GcsSession,
  place: string,
  { bucket, key }: ObjectAddress,
  options: PutObjectOptions,
): Promise<string> {
  const { contentType = "application/octet-stream", contentEncoding, metadata } = options;
  const { storageClass, encryptionKey } = options;
  const { headers } = await session.send(place, {
    method: "POST",
    path: `upload/storage/v1/b/${encodeURIComponent(bucket)}/o`,
    query: {
      ...{ uploadType: "resumable", name: key },
      ...(encryptionKey && { kmsKeyName: encryptionKey }),
    },
    headers: { "content-type": "application/json", "x-upload-content-type": contentType },
    body: JSON.stringify({ name: key, contentType, contentEncoding, metadata, storageClass }),
  });
  if (headers.location) return headers.location;
  throw new Error(`${place}: the service named no address for the upload`);
}

/** Sends what the service does not have yet of a part. */
async function sendPart(
  session: GcsSession,
  place: string,
  upload: string,
  { from, bytes, isLast }: StreamPart,
): Promise<HttpAnswer> {
  const end = from + bytes.length;
  for (let next = from; ; ) {
    const total = isLast ? String(end) : "*";
    const range = next === end ? "*" : `${next}-${end - 1}`;
    const answer = await session.send(place, {
      ...{ method: "PUT", path: upload, body: bytes.subarray(next - from), expected: [MORE] },
      headers: { "content-range": `bytes ${range}/${total}` },
    });
    if (answer.status !== MORE) return answer;
    const stored = Number(/-(\d+)$/.exec(answer.headers.range ?? "")?.[1] ?? -1) + 1;
    if (stored >= end && !isLast) return answer;
    // It must grow, or the part would be sent for ever.
    if (stored <= next || stored > end) throw new Error(`${place}: the service takes no more`);
    next = stored;
  }
}

/** An upload that is not cancelled is in no listing, and goes after a week. */
async function cancel(session: GcsSession, place: string, upload: string): Promise<void> {
  try {
    const signal = AbortSignal.timeout(GRACE_MS);
    // 499 is the answer of Google to a cancel that succeeded.
    await session.send(place, { method: "DELETE", path: upload, expected: [404, 499], signal });
  } catch (error) {
    session.log.warn(`${place}: the upload was not cancelled: ${errorMessage(error)}`);
  }
}
