/**
 * What is sent to a task process. Messages of one moment go in one write, because each
 * write wakes the process.
 */
import type { Writable } from "node:stream";
import type { ToChild } from "../child/protocol.ts";

/**
 * Most characters of a write with several messages. A process reads more than that at
 * once, so it has read all of such a write or nothing.
 */
const MOST_TOGETHER = 16_384;

type OnWritten = (error?: Error | null) => void;

export function lineOf(message: ToChild): string {
  return `${JSON.stringify(message)}\n`;
}

export class Outbox {
  readonly #channel: Writable;
  #text = "";
  #onWritten: OnWritten[] = [];
  #writes = 0;

  constructor(channel: Writable) {
    this.#channel = channel;
  }

  /** How many writes there were, with the one that is collected now. */
  get writes(): number {
    return this.#writes + (this.#text === "" ? 0 : 1);
  }

  /** The number of the write that will carry this line, if it is added next. */
  writeOf(line: string): number {
    return this.#fits(line) ? this.#writes + 1 : this.#writes + 2;
  }

  /**
   * Sends a line at the end of this moment.
   * @param onWritten called when the process can read the line, or with an error
   */
  add(line: string, onWritten?: OnWritten): void {
    if (!this.#fits(line)) this.#flush();
    if (this.#text === "") process.nextTick(() => this.#flush());
    this.#text += line;
    if (onWritten) this.#onWritten.push(onWritten);
  }

  #fits(line: string): boolean {
    return this.#text === "" || this.#text.length + line.length <= MOST_TOGETHER;
  }

  #flush(): void {
    if (this.#text === "") return;
    const [text, onWritten] = [this.#text, this.#onWritten];
    this.#text = "";
    this.#onWritten = [];
    this.#writes += 1;
    this.#channel.write(text, (error) => {
      for (const written of onWritten) written(error);
    });
  }
}
