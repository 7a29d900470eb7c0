/**
 * Turns the output of user code into log lines. Printing stays synchronous, and a line
 * that is printed in parts stays one line.
 */
import { LineCutter } from "./line_cutter.ts";

/**
 * Gives each line written to stdout or stderr to `onLine` instead of the file descriptor.
 * @returns a function that ends the unfinished lines
 */
export function captureOutput(
  onLine: (source: "stdout" | "stderr", text: string) => void,
): () => void {
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
