/**
 * The tries that the worker has sent to this process. One runs at a time. The worker may
 * withdraw those that have not begun, because the running one holds them up.
 */

// Taken before user code is loaded, which may replace it.
const immediate = setImmediate;

interface Asked {
  /** The number of the try. */
  readonly try: number;
}

export class TryQueue<Try extends Asked> {
  readonly #run: (asked: Try) => Promise<boolean>;
  readonly #onWithdrawn: (id: number) => void;
  #waiting: Try[] = [];
  #isRunning = false;
  #isClosed = false;

  /**
   * @param run resolves with whether the process can run another try, after the worker
   *   was sent the end of this one
   * @param onWithdrawn gets the number of a try that will not begin
   */
  constructor(run: (asked: Try) => Promise<boolean>, onWithdrawn: (id: number) => void) {
    this.#run = run;
    this.#onWithdrawn = onWithdrawn;
  }

  /** Runs a try after those that were sent before. */
  add(asked: Try): void {
    if (this.#isClosed) return;
    this.#waiting.push(asked);
    if (this.#isRunning) return;
    this.#isRunning = true;
    // Not at once: the request to withdraw it may be behind it in what is read now. A
    // rejection reaches the process as unhandled, which fails the try.
    immediate(() => void this.#work());
  }

  /** Drops one try, or all, if they have not begun. */
  withdraw(id?: number): void {
    const isMeant = (asked: Try): boolean => id === undefined || asked.try === id;
    const dropped = this.#waiting.filter(isMeant);
    this.#waiting = this.#waiting.filter((asked) => !isMeant(asked));
    for (const asked of dropped) this.#onWithdrawn(asked.try);
  }

  async #work(): Promise<void> {
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      if (!(await this.#run(next))) return this.#close();
      if (this.#waiting.length > 0) await inputWasRead();
    }
    this.#isRunning = false;
  }

  /** The worker knows by the end of the last try that no other begins here. */
  #close(): void {
    this.#isClosed = true;
    this.#waiting = [];
  }
}

/**
 * Resolves when all has been read that the worker had sent before the call. The worker
 * counts on it: it has withdrawn a try, and has not yet read the end of the try before
 * it, so that try cannot begin.
 */
function inputWasRead(): Promise<void> {
  // The first may run before this process looks at its input.
  return new Promise((resolve) => immediate(() => immediate(resolve)));
}
