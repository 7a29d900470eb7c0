/**
 * A loop comes round at its period, survives its errors, says them once, runs when it is
 * woken, and stops whole.
 */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Job, Loop, startLoops, stopLoops } from "../../../runtime/service/loop.ts";
import { poll } from "../../../runtime/service/poll.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** A loop whose passes are counted, with what it logged. */
function counted(job: Partial<Job> = {}) {
  const said: unknown[] = [];
  const runOnce = vi.fn(job.runOnce ?? (async () => 0));
  const loop = new Loop(
    { name: "job", everyMs: 1_000, staggerMs: 0, ...job, runOnce },
    (event, detail) => void said.push([event, detail]),
  );
  return { loop, said, runOnce };
}

/** A promise that a test resolves by hand. */
const gate = () => Promise.withResolvers<number>();

test("a loop comes round at its period, measured from the end of a pass", async () => {
  const { loop, runOnce } = counted({
    runOnce: () => new Promise((resolve) => setTimeout(() => resolve(0), 500)),
  });
  loop.start();
  await pass(0);
  expect(runOnce).toHaveBeenCalledTimes(1);
  await pass(1_499);
  expect(runOnce).toHaveBeenCalledTimes(1);
  await pass(1);
  expect(runOnce).toHaveBeenCalledTimes(2);
  const stopped = loop.stop();
  await pass(500);
  await stopped;
});

test("the clock of the machine may be set without an effect on the period", async () => {
  const { loop, runOnce } = counted();
  loop.start();
  await pass(0);
  vi.setSystemTime(new Date("1999-01-01"));
  await pass(999);
  expect(runOnce).toHaveBeenCalledTimes(1);
  await pass(1);
  expect([runOnce.mock.calls.length, loop.lateMs]).toEqual([2, 0]);
  await loop.stop();
});

test("the first pass is staggered at random", async () => {
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  const { loop, runOnce } = counted({ staggerMs: 400 });
  loop.start();
  await pass(199);
  expect(runOnce).toHaveBeenCalledTimes(0);
  await pass(1);
  expect(runOnce).toHaveBeenCalledTimes(1);
  await loop.stop();
  vi.restoreAllMocks();
});

test("a loop that is woken runs at once, and right after a pass that is in hand", async () => {
  const first = gate();
  const { loop, runOnce } = counted({
    runOnce: () => (runOnce.mock.calls.length === 1 ? first.promise : Promise.resolve(0)),
  });
  loop.start();
  await pass(0);
  loop.wake();
  loop.wake();
  await pass(0);
  expect(runOnce).toHaveBeenCalledTimes(1);
  first.resolve(0);
  await pass(0);
  expect(runOnce).toHaveBeenCalledTimes(2);
  loop.wake();
  await pass(0);
  expect(runOnce).toHaveBeenCalledTimes(3);
  await pass(999);
  expect(runOnce).toHaveBeenCalledTimes(3);
  await loop.stop();
});

test("the next pass comes sooner when the job says so, and never later than its period", async () => {
  const next: (number | null)[] = [200, null, 5_000, -3];
  const { loop, runOnce } = counted({ nextInMs: async () => next.shift() ?? null });
  loop.start();
  await pass(200);
  expect(runOnce).toHaveBeenCalledTimes(2);
  await pass(999);
  expect(runOnce).toHaveBeenCalledTimes(2);
  await pass(1);
  expect(runOnce).toHaveBeenCalledTimes(3);
  await pass(1_001);
  // The last of the four is due in the past, so it is followed at once.
  expect(runOnce).toHaveBeenCalledTimes(5);
  await loop.stop();
});

test("an error ends its pass and not the loop; each fault is said once, and so is its end", async () => {
  const faults = ["away", "away", "refused", null, null, "away"];
  const { loop, said } = counted({
    detail: { connection: "lake" },
    runOnce: async () => {
      const fault = faults.shift();
      if (fault) throw new Error(fault);
      return 0;
    },
  });
  loop.start();
  await pass(5_000);
  expect(said).toEqual([
    ["job_failed", { job: "job", connection: "lake", reason: "away" }],
    ["job_failed", { job: "job", connection: "lake", reason: "refused" }],
    ["job_recovered", { job: "job", connection: "lake" }],
    ["job_failed", { job: "job", connection: "lake", reason: "away" }],
  ]);
  await loop.stop();
});

test("the pauses after failed passes double up to a limit, and begin again after one that works", async () => {
  const times: number[] = [];
  const { loop } = counted({
    everyMs: 10_000,
    retry: { firstMs: 100, longestMs: 300 },
    runOnce: async () => {
      times.push(performance.now());
      if (times.length !== 5) throw new Error("away");
      return 0;
    },
  });
  loop.start();
  await pass(11_000);
  expect(times.slice(1, 7).map((at, index) => at - times[index]!)).toEqual([
    100, 200, 300, 300, 10_000, 100,
  ]);
  await loop.stop();
});

test("a pass is logged when it did something", async () => {
  const counts = [0, 3, 0];
  const { loop, said } = counted({ did: "runs_created", runOnce: async () => counts.shift() ?? 0 });
  loop.start();
  await pass(3_000);
  expect(said).toEqual([["runs_created", { job: "job", count: 3 }]]);
  await loop.stop();
});

test("stopping waits for the pass in hand, which learns of it, and is idempotent", async () => {
  const held = gate();
  let signal: AbortSignal | undefined;
  const { loop, runOnce, said } = counted({
    runOnce: async (given) => {
      signal = given.signal;
      await held.promise;
      throw new Error("it was stopped");
    },
  });
  loop.start();
  await pass(0);
  const stopped: string[] = [];
  const both = [
    loop.stop().then(() => stopped.push("one")),
    loop.stop().then(() => stopped.push("two")),
  ];
  await pass(10_000);
  expect([signal?.aborted, stopped]).toEqual([true, []]);
  held.resolve(0);
  await Promise.all(both);
  loop.start();
  loop.wake();
  await pass(10_000);
  expect([stopped, runOnce.mock.calls.length, said, vi.getTimerCount()]).toEqual([
    ["one", "two"],
    1,
    [],
    0,
  ]);
});

test("a loop that never started stops, and then does not start", async () => {
  const { loop, runOnce } = counted();
  await loop.stop();
  loop.start();
  await pass(10_000);
  expect(runOnce).not.toHaveBeenCalled();
});

test("runOnce is one pass, and throws what the job throws", async () => {
  const { loop } = counted({ runOnce: async () => 7 });
  expect(await loop.runOnce()).toBe(7);
  const failing = counted({ runOnce: () => Promise.reject(new Error("away")) });
  await expect(failing.loop.runOnce()).rejects.toThrow("away");
  expect(failing.said).toEqual([]);
});

test("loops start and stop together", async () => {
  const ran: string[] = [];
  const job = (name: string): Job => ({
    name,
    everyMs: 1_000,
    staggerMs: 0,
    runOnce: async () => ran.push(name),
  });
  const loops = startLoops([job("a"), job("b")], () => undefined);
  await pass(1_000);
  await stopLoops(loops);
  await pass(5_000);
  expect(ran).toEqual(["a", "b", "a", "b"]);
});

test("polling asks until there is an answer, with growing pauses", async () => {
  const times: number[] = [];
  const answer = poll(async () => (times.push(performance.now()) === 5 ? "done" : undefined), {
    firstMs: 100,
    longestMs: 200,
  });
  await pass(1_000);
  expect(await answer).toBe("done");
  expect(times.slice(1).map((at, index) => at - times[index]!)).toEqual([100, 150, 200, 200]);
});
