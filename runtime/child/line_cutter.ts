/**
 * Cuts printed bytes into log lines of bounded length, and keeps a last line without an
 * end. Used by the worker and by the task process.
 */
import { LineReader } from "./line_reader.ts";

/**
 * A longer line is cut into several, so that an endless line cannot fill the memory.
 * Characters.
 */
const MAX_LINE = 65_536;

export class LineCutter {
  readonly #reader: LineReader;
  #pending = 0;

  constructor(onLine: (text: string) => void) {
    this.#reader = new LineReader((line) => {
      this.#pending = 0;
      for (let from = 0; from === 0 || from < line.length; from += MAX_LINE)
        onLine(line.slice(from, from + MAX_LINE));
    });
  }

  push(chunk: string | Uint8Array): void {
    const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    this.#reader.push(bytes);
    this.#pending =
      bytes.lastIndexOf(10) >= 0
        ? bytes.length - bytes.lastIndexOf(10) - 1
        : this.#pending + bytes.length;
    if (this.#pending > MAX_LINE) this.end();
  }

  /** Ends the unfinished line, if there is one. */
  end(): void {
    if (this.#pending > 0) this.#reader.push(Buffer.from("\n"));
  }
}
