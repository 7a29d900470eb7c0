/**
 * Cuts a stream of bytes into lines. Used on both sides of the channel, and for printed
 * output.
 */

export class LineReader {
  readonly #decoder = new TextDecoder();
  readonly #onLine: (line: string) => void;
  /**
   * Pieces of a line whose end has not come: joined once, as a line may be tens of
   * megabytes.
   */
  #pieces: string[] = [];
  #length = 0;
  /**
   * Most characters of a line. Without a limit a line without an end would fill the
   * memory.
   */
  maxLength: number;

  constructor(onLine: (line: string) => void, maxLength: number = Number.POSITIVE_INFINITY) {
    this.#onLine = onLine;
    this.maxLength = maxLength;
  }

  /**
   * Multi-byte characters may be split over chunks.
   * @throws RangeError for a line that is too long; and whatever `onLine` throws
   */
  push(chunk: Uint8Array): void {
    const [first = "", ...more] = this.#decoder.decode(chunk, { stream: true }).split("\n");
    this.#add(first);
    for (const piece of more) {
      const line = this.#pieces.join("");
      this.#pieces = [];
      this.#length = 0;
      this.#add(piece);
      this.#onLine(line);
    }
  }

  #add(piece: string): void {
    this.#pieces.push(piece);
    this.#length += piece.length;
    if (this.#length > this.maxLength)
      throw new RangeError(`a line has more than ${this.maxLength} characters`);
  }
}
