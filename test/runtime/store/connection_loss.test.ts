/** How work waits for a server that is away: what is reported, and when the wait ends. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { whileServerReturns } from "../../../runtime/store/database/connection_loss.ts";
import { Patience } from "../../../runtime/store/database/patience.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const refused = (): Error => Object.assign(new Error("refused"), { code: "ECONNREFUSED" });

/**
 * Fails so often because the server is away, then answers or fails as the server says.
 */
function away(times: number, answer: () => Promise<string>) {
  let left = times;
  return async (): Promise<string> => {
    left -= 1;
    if (left >= 0) throw refused();
    return answer();
  };
}

const settled = (work: Promise<string>): Promise<string> =>
  work.catch((error: Error) => `error: ${error.message}`);

test.each([
  { answer: async () => "rows", end: "rows" },
  { answer: () => Promise.reject(new Error("no such table")), end: "error: no such table" },
])("a wait is reported once, and once when it is over with $end", async ({ answer, end }) => {
  const said: unknown[] = [];
  const work = settled(
    whileServerReturns(away(6, answer), { onWait: (reason) => void said.push(reason) }),
  );
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await work).toBe(end);
  expect(said).toEqual(["nothing listens there", null]);
});

test("a collision that is over at once is not reported", async () => {
  const onWait = vi.fn();
  const work = whileServerReturns(
    away(2, async () => "rows"),
    { onWait },
  );
  await vi.advanceTimersByTimeAsync(1_000);
  expect([await work, onWait.mock.calls]).toEqual(["rows", []]);
});

test("a process that was not asked to stop waits for ever", async () => {
  const stop = new AbortController();
  const patience = new Patience(stop.signal);
  const ended = vi.fn();
  void settled(patience.limit(() => new Promise<string>(() => undefined))).then(ended);
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(ended).not.toHaveBeenCalled();
});

test("a process that was asked to stop gives up a silent database after 5 s, for everything in hand and after", async () => {
  const stop = new AbortController();
  const patience = new Patience(stop.signal);
  const silent = [1, 2].map(() => settled(patience.limit(() => new Promise(() => undefined))));
  await vi.advanceTimersByTimeAsync(60_000);
  stop.abort();
  await vi.advanceTimersByTimeAsync(4_900);
  expect([await patience.limit(async () => "rows"), patience.over.aborted]).toEqual([
    "rows",
    false,
  ]);
  await vi.advanceTimersByTimeAsync(500);
  const given = "error: the database does not answer, and this process is stopping";
  expect(await Promise.all(silent)).toEqual([given, given]);
  expect(await settled(patience.limit(async () => "rows"))).toBe(given);
});

test("a process that stops waits for each answer anew: many short ones are no silence", async () => {
  const stop = new AbortController();
  const patience = new Patience(stop.signal);
  stop.abort();
  for (let answer = 0; answer < 10; answer++) {
    const work = patience.limit(() => new Promise((resolve) => setTimeout(resolve, 3_000)));
    await vi.advanceTimersByTimeAsync(3_000);
    await work;
  }
  expect(patience.over.aborted).toBe(false);
});
