/** Operations on a store of bytes that may hang: each of them ends. */
const SECOND = 1_000;
/**
 * For all requests of one value, with their retries and pauses. It ends a request that
 * hangs, wherever it hangs.
 */
export const DEADLINE_MS = 60 * SECOND;

/**
 * Operations that run. Each operation ends at its deadline or when all are closed, even
 * if the client itself waits for ever.
 */
export class Operations {
  readonly #deadlineMs: number;
  readonly #failureOf: (error: unknown) => unknown;
  readonly #underWay = new Set<AbortController>();

  /** @param failureOf the error for users, from what a client threw */
  constructor(deadlineMs: number, failureOf: (error: unknown) => unknown) {
    this.#deadlineMs = deadlineMs;
    this.#failureOf = failureOf;
  }

  /**
   * Without a deadline: as long as the bytes come.
   * @param stop called when all operations are closed
   * @throws as {@link run}
   */
  async runLong(work: () => Promise<unknown>, stop: () => void): Promise<void> {
    const controller = new AbortController();
    controller.signal.addEventListener("abort", stop, { once: true });
    this.#underWay.add(controller);
    try {
      await work();
    } catch (error) {
      throw controller.signal.aborted ? controller.signal.reason : this.#failureOf(error);
    } finally {
      this.#underWay.delete(controller);
    }
  }

  /** @throws Error in one line for users, whatever the client threw */
  async run<Result>(work: (abortSignal: AbortSignal) => Promise<Result>): Promise<Result> {
    const controller = new AbortController();
    const { signal } = controller;
    const late = new Error(`it did not finish within ${this.#deadlineMs / SECOND} s`);
    const timer = setTimeout(() => controller.abort(late), this.#deadlineMs);
    this.#underWay.add(controller);
    const aborted = Promise.withResolvers<never>();
    signal.addEventListener("abort", () => aborted.reject(signal.reason), { once: true });
    try {
      return await Promise.race([work(signal), aborted.promise]);
    } catch (error) {
      throw signal.aborted ? signal.reason : this.#failureOf(error);
    } finally {
      clearTimeout(timer);
      this.#underWay.delete(controller);
    }
  }

  close(): void {
    for (const controller of this.#underWay) controller.abort(new Error("the worker stops"));
  }
}
