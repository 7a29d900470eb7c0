/**
 * Turns the output of user code into log lines. Printing stays synchronous, and a line
 * that is printed in parts stays one line.
 */
import type { LineCutter } from "./line_cutter.ts";

type PrintedTo = "stdout" | "stderr";

/** The unended lines of one try. */
export type PrintedLines = Readonly<Record<PrintedTo, LineCutter>>;

/**
 * Gives what is written to stdout and stderr to log lines instead of the file descriptor.
 * @param linesOf the lines of the try whose code writes now; undefined drops what is
 *   written
 */
export function captureOutput(linesOf: () => PrintedLines | undefined): void {
  for (const source of ["stdout", "stderr"] as const)
    process[source].write = ((chunk: string | Uint8Array, encoding?: unknown, done?: unknown) => {
      linesOf()?.[source].push(chunk);
      const callback = typeof encoding === "function" ? encoding : done;
      if (typeof callback === "function") queueMicrotask(() => callback());
      return true;
    }) as typeof process.stdout.write;
}
