/**
 * Uploads a stream of unknown length in a resumable session of Google Cloud: part after
 * part, each repeated until Google has it. The upload counts when the last part is stored.
 */
import { errorMessage } from "dagsmith";
import { partsOf, type StreamPart } from "dagsmith/plugins/object_backend";
import type { HttpAnswer } from "./google_http.ts";
import type { GoogleRequest, GoogleSession } from "./google_session.ts";

/** A multiple of 256 KiB, as Google asks. */
const PART_BYTES = 8 * 1024 * 1024;
/** How long the end of an upload may go on after an abort. */
const GRACE_MS = 5_000;
/** The session takes more. */
const MORE = 308;

/**
 * Uploads a stream.
 * @param place operation and object, for errors
 * @param begin the request that opens the upload; an answer that it expects ends the upload
 * @returns the answer to the last part
 * @throws Error when the source fails, or with the signal; the upload is cancelled
 * @example const answer = await resumableUpload(session, "GCS put gs://lake/a", begin, bytes);
 */
export async function resumableUpload(
  session: GoogleSession,
  place: string,
  begin: GoogleRequest,
  bytes: AsyncIterable<Uint8Array>,
): Promise<HttpAnswer> {
  session.signal.throwIfAborted();
  const { status, headers, ...rest } = await session.send(place, begin);
  // An answer that the caller expects ends it here.
  if (begin.expected?.includes(status)) return { status, headers, ...rest };
  if (!headers.location) throw new Error(`${place}: the service named no address for the upload`);
  const { expected = [] } = begin;
  return sendParts(session, place, { location: headers.location, expected }, bytes);
}

/** An upload that has begun. */
interface Upload {
  readonly location: string;
  /** Statuses besides 2xx that the caller reads. */
  readonly expected: readonly number[];
}

async function sendParts(
  session: GoogleSession,
  place: string,
  upload: Upload,
  bytes: AsyncIterable<Uint8Array>,
): Promise<HttpAnswer> {
  try {
    for await (const part of partsOf(bytes, PART_BYTES, session.signal)) {
      const answer = await sendPart(session, place, upload, part);
      if (part.isLast) return answer;
    }
    throw new Error(`${place}: the stream had no end`);
  } catch (error) {
    await cancel(session, place, upload.location);
    throw session.signal.aborted ? session.signal.reason : error;
  }
}

/** Sends what the service does not have yet of a part. */
async function sendPart(
  session: GoogleSession,
  place: string,
  { location, expected }: Upload,
  { from, bytes, isLast }: StreamPart,
): Promise<HttpAnswer> {
  const end = from + bytes.length;
  for (let next = from; ; ) {
    const total = isLast ? String(end) : "*";
    const range = next === end ? "*" : `${next}-${end - 1}`;
    const answer = await session.send(place, {
      ...{ method: "PUT", path: location, body: bytes.subarray(next - from) },
      expected: [MORE, ...expected],
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
async function cancel(session: GoogleSession, place: string, upload: string): Promise<void> {
  try {
    const signal = AbortSignal.timeout(GRACE_MS);
    // 499 is the answer of Google to a cancel that succeeded.
    await session.send(place, { method: "DELETE", path: upload, expected: [404, 499], signal });
  } catch (error) {
    session.log.warn(`${place}: the upload was not cancelled: ${errorMessage(error)}`);
  }
}
