/** Cuts a stream into parts of one size. One part is in memory. */

import { PassThrough, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** A multiple of 256 KiB, as Google asks. */
const PART_BYTES = 8 * 1024 * 1024;

export interface StreamPart {
  /** Where it begins. */
  readonly from: number;
  readonly bytes: Buffer;
  readonly isLast: boolean;
}

/**
 * The parts. The last one may be empty: only then is it known that nothing follows.
 * @throws Error when the source fails, or with the signal
 */
export async function* partsOf(
  bytes: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<StreamPart> {
  let [from, pending, size] = [0, [] as Uint8Array[], 0];
  // A source that gives nothing would hold the task after its end.
  const passed = new PassThrough();
  pipeline(Readable.from(bytes, { objectMode: false }), passed, { signal }).catch(() => undefined);
  for await (const piece of passed as AsyncIterable<Buffer>) {
    pending.push(piece);
    size += piece.length;
    if (size <= PART_BYTES) continue;
    const all = Buffer.concat(pending);
    yield { from, bytes: all.subarray(0, PART_BYTES), isLast: false };
    from += PART_BYTES;
    pending = [all.subarray(PART_BYTES)];
    size -= PART_BYTES;
  }
  yield { from, bytes: Buffer.concat(pending), isLast: true };
}
