/** Memory without garbage: when garbage is collected is up to the machine. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** The most bytes outside of the heap that are in use, more than at the beginning. */
export class MemoryMark {
  readonly #most: number;
  readonly #before = bufferBytes();
  mostMore = 0;

  /** @param most bytes that a test allows: at fewer, garbage need not be collected */
  constructor(most: number) {
    this.#most = most;
  }

  look(): void {
    if (bufferBytes() - this.#before >= this.#most) collectGarbage();
    this.mostMore = Math.max(this.mostMore, bufferBytes() - this.#before);
  }
}

const bufferBytes = (): number => process.memoryUsage().arrayBuffers;

export function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  // The second collection waits until the buffers that the first one found are freed.
  collect();
  collect();
}
