import { describe, expect, test } from "vitest";
import { decideRetry, retryDelayMs } from "../../../runtime/state/retry.ts";
import fc from "../../support/fast_check.ts";

const DAY_MS = 86_400_000;
const options = (more: Partial<Parameters<typeof retryDelayMs>[0]> = {}) => ({
  retryDelayMs: 30_000,
  retryBackoff: 2,
  maxRetryDelayMs: null as number | null,
  ...more,
});

describe("the delay before a retry", () => {
  test.each([1, 2, 7, 5_000])("is constant without backoff, after failure %i too", (failure) => {
    expect(retryDelayMs(options({ retryBackoff: 1 }), failure, "a")).toBe(30_000);
  });

  test.each([
    ["grows with each failure, up to twice less one second", options(), 3, 120, 239],
    ["grows by any factor", options({ retryDelayMs: 240_000, retryBackoff: 5 }), 2, 1_200, 2_399],
    ["stops at the task's maximum", options({ maxRetryDelayMs: 3_600_000 }), 50, 3_600, 3_600],
    ["does not overflow", options({ maxRetryDelayMs: 3_600_000 }), 5_000, 3_600, 3_600],
    [
      "stops at a day when the task names no maximum",
      options({ retryDelayMs: 3_600_000 }),
      6,
      86_400,
      86_400,
    ],
    [
      "goes beyond a day when the task allows more",
      options({ retryDelayMs: 10 * DAY_MS, maxRetryDelayMs: 30 * DAY_MS }),
      5,
      30 * 86_400,
      30 * 86_400,
    ],
    ["is one second at least", options({ retryDelayMs: 500 }), 1, 1, 1],
    ["is one second at least, from zero", options({ retryDelayMs: 0 }), 1, 1, 1],
    ["is one second when it is one second", options({ retryDelayMs: 1_000 }), 1, 1, 1],
  ])("with backoff %s", (_what, task, failure, least, most) => {
    const seconds = retryDelayMs(task, failure, "instance") / 1_000;
    expect(seconds).toBeGreaterThanOrEqual(least);
    expect(seconds).toBeLessThanOrEqual(most);
  });

  test("is as long as the task says, when it does not grow", () => {
    const constant = options({ retryBackoff: 1, retryDelayMs: 3 * DAY_MS });
    expect([1, 9].map((failure) => retryDelayMs(constant, failure, "a"))).toEqual([
      3 * DAY_MS,
      3 * DAY_MS,
    ]);
    const linear = { ...constant, retryLinear: true as const };
    expect(retryDelayMs(linear, 1, "a")).toBe(DAY_MS);
    expect(retryDelayMs({ ...linear, maxRetryDelayMs: 30 * DAY_MS }, 2, "a")).toBe(6 * DAY_MS);
  });

  test("obeys a maximum without backoff too", () => {
    expect(retryDelayMs(options({ retryBackoff: 1, maxRetryDelayMs: 5_000 }), 1, "a")).toBe(5_000);
  });

  test("is the same each time it is asked, and differs from instance to instance", () => {
    const ask = (seed: string): number => retryDelayMs(options({ retryDelayMs: 600_000 }), 3, seed);
    expect(ask("7")).toBe(ask("7"));
    expect(new Set(Array.from({ length: 20 }, (_, seed) => ask(`${seed}`))).size).toBeGreaterThan(
      15,
    );
  });

  test("is a whole number of milliseconds within its bounds, whatever the options", () => {
    const anyTask = fc.record({
      retryDelayMs: fc.nat(10 * DAY_MS),
      retryBackoff: fc.double({ min: 1, max: 100, noNaN: true }),
      maxRetryDelayMs: fc.option(fc.nat(2 * DAY_MS)),
    });
    fc.assert(
      fc.property(
        anyTask,
        fc.integer({ min: 1, max: 10_000 }),
        fc.string(),
        (task, failure, seed) => {
          const delay = retryDelayMs(task, failure, seed);
          expect(Number.isInteger(delay)).toBe(true);
          expect(delay).toBeGreaterThanOrEqual(0);
          const longest = task.retryBackoff > 1 ? DAY_MS : task.retryDelayMs;
          expect(delay).toBeLessThanOrEqual(task.maxRetryDelayMs ?? longest);
        },
      ),
    );
  });
});

describe("the other ways of waiting", () => {
  test("linear delays are n times the first, up to the maximum", () => {
    const task = {
      ...options({ retryBackoff: 1, maxRetryDelayMs: 80_000 }),
      retryLinear: true,
    } as const;
    expect([1, 2, 3].map((failure) => retryDelayMs(task, failure, "a"))).toEqual([
      30_000, 60_000, 80_000,
    ]);
  });

  test("a jitter of the task's own is added to any of them, and takes the place of that of backoff", () => {
    for (const kind of [
      { retryBackoff: 1 },
      { retryBackoff: 1, retryLinear: true as const },
      { retryBackoff: 3 },
    ]) {
      const task = { ...options(kind), retryJitterMs: 5_000 };
      const base = retryDelayMs({ ...task, retryJitterMs: 0 }, 2, "a");
      const delays = Array.from({ length: 50 }, (_, seed) => retryDelayMs(task, 2, `${seed}`));
      expect(Math.min(...delays)).toBeGreaterThanOrEqual(base);
      expect(Math.max(...delays)).toBeLessThanOrEqual(base + 5_000);
      expect(new Set(delays).size).toBeGreaterThan(20);
    }
    expect(retryDelayMs({ ...options(), retryJitterMs: 0 }, 3, "a")).toBe(120_000);
  });

  const failed = { seed: "a", tryNumber: 1, lostTries: 0, retryable: true };
  const patient = { ...options({ retryBackoff: 1 }), retries: 9 };
  test.each([
    [{ retryTotalMs: 60_000 }, 30_000, true],
    [{ retryTotalMs: 60_000 }, 30_001, false],
    [{ totalTimeoutMs: 60_000 }, 29_999, true],
    [{ totalTimeoutMs: 60_000 }, 30_000, false],
  ])("with %o and %i ms gone, that another try follows is %s", (limit, elapsedMs, again) => {
    expect(decideRetry({ ...patient, ...limit }, { ...failed, elapsedMs }).again).toBe(again);
  });

  test("an error that says when to come back is obeyed, within a day", () => {
    expect(decideRetry(patient, { ...failed, retryAfterMs: 5 })).toEqual({
      again: true,
      delayMs: 5,
    });
    expect(decideRetry(patient, { ...failed, retryAfterMs: 10 * DAY_MS })).toEqual({
      again: true,
      delayMs: DAY_MS,
    });
    expect(decideRetry({ ...patient, retryTotalMs: 4 }, { ...failed, retryAfterMs: 5 }).again).toBe(
      false,
    );
  });
});

describe("a failed try", () => {
  const again = (retries: number, failed: Partial<Parameters<typeof decideRetry>[1]>): boolean =>
    decideRetry(
      { ...options(), retries },
      { seed: "a", tryNumber: 1, lostTries: 0, retryable: true, ...failed },
    ).again;

  test("is followed by as many as the task has retries", () => {
    expect([
      again(0, {}),
      again(1, {}),
      again(1, { tryNumber: 2 }),
      again(2, { tryNumber: 2 }),
    ]).toEqual([false, true, false, true]);
  });

  test("that no retry can mend is the last", () => {
    expect(again(9, { retryable: false })).toBe(false);
  });

  test("is not counted against tries that were lost", () => {
    expect([
      again(1, { tryNumber: 4, lostTries: 3 }),
      again(1, { tryNumber: 5, lostTries: 3 }),
    ]).toEqual([true, false]);
  });

  test("waits by the number of its own failures, not of its tries", () => {
    const task = { ...options({ retryBackoff: 1 }), retries: 3 };
    expect(decideRetry(task, { seed: "a", tryNumber: 6, lostTries: 4, retryable: true })).toEqual({
      again: true,
      delayMs: 30_000,
    });
    const growing = { ...options(), retries: 3 };
    expect(
      decideRetry(growing, { seed: "a", tryNumber: 6, lostTries: 4, retryable: true }),
    ).toEqual({
      again: true,
      delayMs: retryDelayMs(growing, 2, "a"),
    });
  });
});
