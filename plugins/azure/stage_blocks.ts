/**
 * Uploads a stream as blocks, which become a blob when their list is committed. The
 * library's own uploadStream() does not stop its requests when they are aborted.
 */
import { randomUUID } from "node:crypto";
import type { BlockBlobClient } from "@azure/storage-blob";
import { eachAtOnce, partsOf } from "dagsmith/plugins/object_backend";

/** Four blocks are in memory. A blob has at most 50,000 blocks, which are 400 GB. */
const BLOCK_BYTES = 8 * 1024 * 1024;
const BLOCKS_IN_FLIGHT = 4;

interface StagedBlocks {
  /** In the order of their bytes. */
  readonly ids: string[];
  readonly size: number;
}

/** Stores the blocks. All of its requests have ended when it settles. */
export async function stageBlocks(
  blob: BlockBlobClient,
  bytes: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<StagedBlocks> {
  // Blocks of two uploads of one blob must not mix.
  const upload = randomUUID();
  const ids: string[] = [];
  let size = 0;
  const blocks = partsOf(bytes, BLOCK_BYTES, signal);
  await eachAtOnce(blocks, BLOCKS_IN_FLIGHT, async ({ from, bytes: block }, failed) => {
    if (block.length === 0) return;
    const index = from / BLOCK_BYTES;
    const id = blockId(upload, index);
    ids[index] = id;
    size += block.length;
    const abortSignal = AbortSignal.any([signal, failed]);
    await blob.stageBlock(id, block, block.length, { abortSignal });
  });
  return { ids, size };
}

/** All ids of a blob have the same length, in Base64. */
function blockId(upload: string, index: number): string {
  return Buffer.from(`${upload}${String(index).padStart(6, "0")}`).toString("base64");
}
