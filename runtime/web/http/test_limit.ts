/** Limits how often connections are tested: each test starts a process. */
import { Refused } from "./refused.ts";

const MOST_AT_ONCE = 2;
const MOST_A_MINUTE = 20;
const MINUTE_MS = 60_000;

export class TestLimit {
  #running = 0;
  #startedAt: readonly number[] = [];

  /** @throws Refused 429 */
  async run<Result>(test: () => Promise<Result>): Promise<Result> {
    const now = performance.now();
    this.#startedAt = this.#startedAt.filter((at) => at > now - MINUTE_MS);
    if (this.#running >= MOST_AT_ONCE || this.#startedAt.length >= MOST_A_MINUTE)
      throw new Refused(429, "Too many connections are being tested. Try again in a minute.");
    this.#startedAt = [...this.#startedAt, now];
    this.#running += 1;
    try {
      return await test();
    } finally {
      this.#running -= 1;
    }
  }
}
