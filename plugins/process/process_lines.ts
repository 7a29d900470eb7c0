/** The output of a process as lines of text. */
import { stripVTControlCharacters } from "node:util";

/** A longer line is cut into several, so that one endless line cannot fill the memory. */
const LONGEST_LINE = 65_536;

/**
 * Cuts a stream of bytes into lines. Characters may be split over chunks. Of a line that
 * a program wrote several times with carriage returns, as progress bars do, the last
 * version counts. Colours and other control sequences of terminals are removed.
 */
export class ProcessLines {
  readonly #decoder = new TextDecoder();
  readonly #onLine: (line: string) => void;
  #pending = "";

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Uint8Array): void {
    const lines = (this.#pending + this.#decoder.decode(chunk, { stream: true })).split("\n");
    this.#pending = lines.pop() ?? "";
    for (const line of lines) this.#emit(line);
    if (this.#pending.length > LONGEST_LINE) this.end();
  }

  /** Emits a last line that has no end. */
  end(): void {
    const line = this.#pending + this.#decoder.decode();
    this.#pending = "";
    if (line !== "") this.#emit(line);
  }

  #emit(line: string): void {
    const text = stripVTControlCharacters(lastVersion(line.replace(/\r+$/, "")));
    for (let from = 0; from === 0 || from < text.length; from += LONGEST_LINE)
      this.#onLine(text.slice(from, from + LONGEST_LINE));
  }
}

function lastVersion(line: string): string {
  return line.slice(line.lastIndexOf("\r") + 1);
}
