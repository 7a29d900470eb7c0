/** Turns what user code prints into log lines. Printing stays synchronous, and a line printed in pieces stays one line. */
import { LineReader } from "./protocol.ts";

/** A line longer than this is cut into several, so that one endless line cannot fill the memory. Characters. */
const MAX_LINE = 65_536;

/**
 * Gives each line written to stdout or stderr to `onLine` instead of the file descriptor.
 * @returns a function that ends the lines begun but not ended yet
 */
export function captureOutput(onLine: (source: "stdout" | "stderr", text: string) => void): () => void {
  const cutters = (["stdout", "stderr"] as const).map((source) => {
    const lines = new LineCutter((text) => onLine(source, text));
    process[source].write = ((chunk: string | Uint8Array, encoding?: unknown, done?: unknown) => {
      lines.push(chunk);
      const callback = typeof encoding === "function" ? encoding : done;
      if (typeof callback === "function") queueMicrotask(() => callback());
      return true;
    }) as typeof process.stdout.write;
    return lines;
  });
  return () => {
    for (const lines of cutters) lines.end();
  };
}

class LineCutter {
  readonly #reader: LineReader;
  #pending = 0;

  constructor(onLine: (text: string) => void) {
    this.#reader = new LineReader((line) => {
      this.#pending = 0;
      for (let from = 0; from === 0 || from < line.length; from += MAX_LINE) onLine(line.slice(from, from + MAX_LINE));
    });
  }

  push(chunk: string | Uint8Array): void {
    const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    this.#reader.push(bytes);
    this.#pending = bytes.lastIndexOf(10) >= 0 ? bytes.length - bytes.lastIndexOf(10) - 1 : this.#pending + bytes.length;
    if (this.#pending > MAX_LINE) this.end();
  }

  end(): void {
    if (this.#pending > 0) this.#reader.push(Buffer.from("\n"));
  }
}
