/** Bytes that are read piece by piece, and may be put back. */

/** Pieces have about this size at least: small ones cost more than their bytes. */
export const PIECE_BYTES = 64 * 1024;

export class ByteSource implements AsyncIterable<Uint8Array> {
  readonly #source: AsyncIterable<Uint8Array | string>;
  #iterator: AsyncIterator<Uint8Array | string> | undefined;
  #unread: Uint8Array[] = [];

  /** @param source is opened when the first byte is read */
  constructor(source: AsyncIterable<Uint8Array | string>) {
    this.#source = source;
  }

  /** The next piece; undefined at the end. @param atLeast bytes, unless the end is nearer */
  async next(atLeast: number): Promise<Buffer | undefined> {
    const pieces: Uint8Array[] = this.#unread;
    this.#unread = [];
    let size = pieces.reduce((sum, { length }) => sum + length, 0);
    while (size < atLeast) {
      this.#iterator ??= this.#source[Symbol.asyncIterator]();
      const { value, done } = await this.#iterator.next();
      if (done) break;
      pieces.push(typeof value === "string" ? Buffer.from(value) : value);
      size += value.length;
    }
    return size === 0 ? undefined : joined(pieces);
  }

  /** Puts bytes back: they are the next to be read. */
  unread(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#unread.unshift(bytes);
  }

  /** Ends the source where it is. */
  async close(): Promise<void> {
    await this.#iterator?.return?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for (let piece = await this.next(1); piece; piece = await this.next(1)) yield piece;
    } finally {
      await this.close();
    }
  }
}

function joined(pieces: readonly Uint8Array[]): Buffer {
  const [only] = pieces;
  if (pieces.length !== 1 || only === undefined) return Buffer.concat(pieces);
  return Buffer.from(only.buffer, only.byteOffset, only.byteLength);
}
