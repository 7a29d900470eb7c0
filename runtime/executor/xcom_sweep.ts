/** Removes files of values that are gone: cleared, replaced, deleted with their run, or never stored because their worker died. */
import type { Spill } from "./spill.ts";

const EVERY_MS = 30_000;

export class XComSweep {
  readonly #spill: Spill;
  readonly #log: (event: string, detail: Readonly<Record<string, unknown>>) => void;
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(
    spill: Spill,
    log: (event: string, detail: Readonly<Record<string, unknown>>) => void,
  ) {
    this.#spill = spill;
    this.#log = log;
  }

  start(): void {
    if (this.#stopped) return;
    // At different times in workers that were started together.
    this.#timer = setTimeout(
      () => {
        this.#sweeping = this.runOnce().finally(() => this.start());
      },
      EVERY_MS * (0.5 + Math.random()),
    );
  }

  /** Never rejects: what could not be removed now is found again. */
  async runOnce(): Promise<void> {
    try {
      while (!this.#stopped && (await this.#spill.sweep()) > 0);
    } catch (error) {
      if (!this.#stopped)
        this.#log("files of large values could not be removed", {
          reason: error instanceof Error ? error.message : String(error),
        });
    }
  }

  /** Idempotent; tolerates never having started. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#sweeping;
  }
}
