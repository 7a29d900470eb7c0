/**
 * Unpacks zstd, frame by frame. A decompressor of Node ends with the first frame when
 * another follows in the same chunk, and would drop the rest without an error.
 */
import { pipeline, Readable } from "node:stream";
import { createZstdDecompress } from "node:zlib";

type Decompressor = ReturnType<typeof createZstdDecompress>;
type Bytes = AsyncIterable<Uint8Array | string>;

/** @throws what the source throws; an error with a code of zlib for other bytes */
export async function* unpackedZstd(bytes: Bytes): AsyncGenerator<Buffer> {
  const input = new FrameInput(bytes);
  try {
    do {
      const frame = createZstdDecompress();
      // The reader of the decompressor gets the error.
      pipeline(Readable.from(input.chunks(frame), { objectMode: false }), frame, () => {});
      yield* frame;
      frame.destroy();
      input.drop(frame.bytesWritten);
    } while (input.hasMore);
  } finally {
    await input.close();
  }
}

/** A source that gives a frame the bytes again that the frame before did not take. */
class FrameInput {
  readonly #source: AsyncIterator<Uint8Array | string>;
  /** The chunk that is on its way: a frame may end before it comes. */
  #next: Promise<IteratorResult<Uint8Array | string>> | undefined;
  /** What the frame got and may not have taken; memory holds no more. */
  #given: Buffer[] = [];
  /** How many bytes the frame has taken for sure. */
  #taken = 0;

  constructor(bytes: Bytes) {
    this.#source = bytes[Symbol.asyncIterator]();
  }

  get hasMore(): boolean {
    return this.#given.length > 0;
  }

  async *chunks(frame: Decompressor): AsyncGenerator<Buffer> {
    this.#taken = 0;
    yield* [...this.#given];
    for (;;) {
      this.#next ??= this.#source.next();
      const { value, done } = await this.#next;
      if (done || frame.destroyed) return;
      this.#next = undefined;
      this.drop(frame.bytesWritten);
      const chunk = Buffer.from(value as Uint8Array);
      this.#given.push(chunk);
      yield chunk;
    }
  }

  /** @param taken bytes that the frame has taken since it began */
  drop(taken: number): void {
    while (this.#given[0] && this.#given[0].length <= taken - this.#taken)
      this.#taken += this.#given.shift()?.length ?? 0;
    const [first] = this.#given;
    if (first) this.#given[0] = first.subarray(taken - this.#taken);
    this.#taken = taken;
  }

  async close(): Promise<void> {
    await this.#source.return?.();
  }
}
