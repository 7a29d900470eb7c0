/**
 * How long a process that was asked to stop still waits for its database. Until then it
 * waits for ever. Without this limit a server that is away, or a connection that fell
 * silent, would keep the process alive.
 */

/** Longest wait for one answer after the request to stop, in milliseconds. */
const PATIENCE_MS = 5_000;
const LOOK_EVERY_MS = 250;

/** Work that waits for the database. */
interface Waiting {
  since: number;
  readonly giveUp: (error: Error) => void;
}

export class Patience {
  /** The oldest first. */
  readonly #waiting = new Set<Waiting>();
  readonly #over = new AbortController();
  #looking: NodeJS.Timeout | undefined;

  /** @param stop aborted when the process is asked to stop. Default: never */
  constructor(stop?: AbortSignal) {
    stop?.addEventListener("abort", () => this.#hurry(), { once: true });
    this.#over.signal.addEventListener("abort", () => this.#end(), { once: true });
  }

  /**
   * Aborted when the database is given up: everything in hand fails, and so does what
   * follows.
   */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /**
   * The result of `work`.
   * @throws Error what `work` throws, or that the database is given up
   */
  async limit<Result>(work: () => Promise<Result>): Promise<Result> {
    this.over.throwIfAborted();
    const givenUp = Promise.withResolvers<never>();
    const waiting = { since: performance.now(), giveUp: givenUp.reject };
    this.#waiting.add(waiting);
    try {
      return await Promise.race([work(), givenUp.promise]);
    } finally {
      this.#waiting.delete(waiting);
    }
  }

  #hurry(): void {
    const now = performance.now();
    for (const waiting of this.#waiting) waiting.since = now;
    this.#looking = setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
  }

  #look(): void {
    const [oldest] = this.#waiting;
    if (oldest && performance.now() - oldest.since > PATIENCE_MS)
      this.#over.abort(new Error("the database does not answer, and this process is stopping"));
  }

  #end(): void {
    clearInterval(this.#looking);
    for (const { giveUp } of this.#waiting) giveUp(this.over.reason as Error);
  }
}
