/** Bytes without some passages. Nothing is copied as long as nothing is cut. Pure. */

export class Splice {
  readonly #bytes: Buffer;
  #out: Buffer | undefined;
  /** How far `#out` is taken, and how far it is filled. */
  #taken = 0;
  #filled = 0;
  /** How far the bytes are taken, copied or cut. */
  #from: number;

  constructor(bytes: Buffer, from = 0) {
    this.#bytes = bytes;
    this.#from = from;
  }

  /** Cuts a passage that begins after all that was cut before. */
  cut(from: number, to: number): void {
    this.#copy(from);
    this.#from = to;
  }

  /** The bytes from where the last call ended to a place, without what was cut. */
  take(to: number): Uint8Array {
    if (this.#taken === this.#filled) {
      const bytes = this.#bytes.subarray(this.#from, to);
      this.#from = to;
      return bytes;
    }
    this.#copy(to);
    const bytes = this.#out?.subarray(this.#taken, this.#filled) ?? new Uint8Array();
    this.#taken = this.#filled;
    return bytes;
  }

  /** Leaves out the bytes up to a place. */
  skip(to: number): void {
    this.#from = to;
  }

  #copy(to: number): void {
    this.#out ??= Buffer.allocUnsafe(this.#bytes.length);
    this.#filled += this.#bytes.copy(this.#out, this.#filled, this.#from, to);
    this.#from = to;
  }
}
