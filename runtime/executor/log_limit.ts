/**
 * Cuts the log of a try that writes too much: the first lines are kept as they come, and
 * of the others the last ones. A task that logs in a loop would fill the database.
 */

/** How much of the limit is kept for the last lines, and at most how many bytes. */
const LAST_PART = 1 / 8;
const LAST_BYTES = 1024 * 1024;

export class LogLimit {
  readonly #maxBytes: number;
  readonly #lastBytes: number;
  #kept: number;
  #isReached = false;
  /** The newest lines after the first ones, while they fit. */
  readonly #last: string[] = [];
  #lastKept = 0;
  #cut = 0;

  /**
   * @param maxBytes of the whole log
   * @param written bytes that the log has already
   */
  constructor(maxBytes: number, written = 0) {
    this.#maxBytes = maxBytes;
    // A sensor writes to the same log at each poke: one that is full takes no more.
    this.#lastBytes = Math.max(0, Math.min(LAST_BYTES, maxBytes * LAST_PART, maxBytes - written));
    this.#kept = written;
  }

  /** @returns the lines to store now */
  take(lines: readonly string[]): readonly string[] {
    return lines.filter((line) => this.#keepsFirst(line));
  }

  /** Bytes that were left out so far; 0 for a log that was full before, and says so. */
  get cutBytes(): number {
    return this.#lastBytes > 0 ? this.#cut : 0;
  }

  /** The last lines, to be stored when the try ends. */
  takeLast(): readonly string[] {
    return this.#last.splice(0);
  }

  #keepsFirst(line: string): boolean {
    const bytes = Buffer.byteLength(line);
    this.#isReached ||= this.#kept + bytes > this.#maxBytes - this.#lastBytes;
    if (this.#isReached) this.#keepLast(line, bytes);
    else this.#kept += bytes;
    return !this.#isReached;
  }

  #keepLast(line: string, bytes: number): void {
    this.#last.push(line);
    this.#lastKept += bytes;
    while (this.#lastKept > this.#lastBytes) this.#cutOldest();
  }

  #cutOldest(): void {
    const bytes = Buffer.byteLength(this.#last.shift() ?? "");
    this.#lastKept -= bytes;
    this.#cut += bytes;
  }
}
