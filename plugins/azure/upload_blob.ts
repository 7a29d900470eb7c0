/**
 * Uploads a stream: in one request when it is short, else as blocks, which become a blob
 * when their list is committed. The library's own uploadStream() does not stop its
 * requests when they are aborted.
 */
import { randomUUID } from "node:crypto";
import type { BlockBlobClient, BlockBlobUploadOptions } from "@azure/storage-blob";
import { eachAtOnce, partsOf, type StreamPart } from "dagsmith/plugins/object_backend";

/** Four blocks are in memory. A blob has at most 50,000 blocks, which are 400 GB. */
const BLOCK_BYTES = 8 * 1024 * 1024;
const BLOCKS_IN_FLIGHT = 4;

/** Stores the blob. All of its requests have ended when it settles. */
export async function uploadBlob(
  blob: BlockBlobClient,
  bytes: AsyncIterable<Uint8Array>,
  options: BlockBlobUploadOptions,
  signal: AbortSignal,
): Promise<{ readonly size: number; readonly etag: string }> {
  const parts = partsOf(bytes, BLOCK_BYTES, signal);
  const given = { ...options, abortSignal: signal };
  const { value: first } = (await parts.next()) as IteratorYieldResult<StreamPart>;
  // Each write of a blob discards the blocks that other writers have staged for it, so a
  // short one needs none.
  if (first.isLast) {
    const { etag = "" } = await blob.upload(first.bytes, first.bytes.length, given);
    return { size: first.bytes.length, etag };
  }
  const { ids, size } = await stageBlocks(blob, joined(first, parts), signal);
  const { etag = "" } = await blob.commitBlockList(ids, given);
  return { size, etag };
}

async function* joined(first: StreamPart, rest: AsyncIterable<StreamPart>) {
  yield first;
  yield* rest;
}

/** @returns the ids in the order of their bytes */
async function stageBlocks(
  blob: BlockBlobClient,
  parts: AsyncIterable<StreamPart>,
  signal: AbortSignal,
): Promise<{ readonly ids: string[]; readonly size: number }> {
  // Blocks of two uploads of one blob must not mix.
  const upload = randomUUID();
  const ids: string[] = [];
  let size = 0;
  await eachAtOnce(parts, BLOCKS_IN_FLIGHT, async ({ from, bytes }, failed) => {
    const index = from / BLOCK_BYTES;
    const id = blockId(upload, index);
    ids[index] = id;
    size += bytes.length;
    const abortSignal = AbortSignal.any([signal, failed]);
    await blob.stageBlock(id, bytes, bytes.length, { abortSignal });
  });
  return { ids, size };
}

/** All ids of a blob have the same length, in Base64. */
function blockId(upload: string, index: number): string {
  return Buffer.from(`${upload}${String(index).padStart(6, "0")}`).toString("base64");
}
