/**
 * Uploads a stream as blocks, which become a blob when their list is committed. The
 * library's own uploadStream() does not stop its requests when they are aborted.
 */
import { randomUUID } from "node:crypto";
import type { Readable } from "node:stream";
import type { BlockBlobClient } from "@azure/storage-blob";

/** Four blocks are in memory. A blob has at most 50,000 blocks, which are 400 GB. */
const BLOCK_BYTES = 8 * 1024 * 1024;
const BLOCKS_IN_FLIGHT = 4;

interface StagedBlocks {
  readonly ids: readonly string[];
  readonly size: number;
}

/** Stores the blocks. All of its requests have ended when it settles. */
export async function stageBlocks(
  blob: BlockBlobClient,
  source: Readable,
  signal: AbortSignal,
): Promise<StagedBlocks> {
  // A block that fails stops the others, too.
  const failed = new AbortController();
  const abortSignal = AbortSignal.any([signal, failed.signal]);
  const inFlight = new Set<Promise<unknown>>();
  // Blocks of two uploads of one blob must not mix.
  const upload = randomUUID();
  const ids: string[] = [];
  let size = 0;
  const stage = (block: Buffer): void => {
    const id = blockId(upload, ids.length);
    ids.push(id);
    size += block.length;
    const staged = blob.stageBlock(id, block, block.length, { abortSignal });
    const done = staged.finally(() => inFlight.delete(done));
    inFlight.add(done);
    done.catch((error: unknown) => failed.abort(error));
  };
  try {
    for await (const block of blocksOf(source)) {
      stage(block);
      if (inFlight.size >= BLOCKS_IN_FLIGHT) await Promise.race(inFlight);
      failed.signal.throwIfAborted();
    }
    await Promise.all(inFlight);
    failed.signal.throwIfAborted();
    return { ids, size };
  } catch (error) {
    failed.abort(error);
    await Promise.allSettled(inFlight);
    throw error;
  }
}

/** All ids of a blob have the same length, in Base64. */
function blockId(upload: string, index: number): string {
  return Buffer.from(`${upload}${String(index).padStart(6, "0")}`).toString("base64");
}

async function* blocksOf(source: Readable): AsyncGenerator<Buffer> {
  let pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of source) {
    pieces.push(piece);
    size += piece.length;
    if (size < BLOCK_BYTES) continue;
    const whole = Buffer.concat(pieces);
    let from = 0;
    for (; whole.length - from >= BLOCK_BYTES; from += BLOCK_BYTES)
      yield whole.subarray(from, from + BLOCK_BYTES);
    pieces = [whole.subarray(from)];
    size = whole.length - from;
  }
  if (size > 0) yield Buffer.concat(pieces);
}
