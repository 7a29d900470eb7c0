/**
 * A loop that does not come round is reported, once, with the step at which it hangs; and
 * so is its return.
 */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Job, Loop } from "../../../runtime/service/loop.ts";
import { late, watch } from "../../../runtime/service/watchdog.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** A loop whose passes hang at a step until the test releases them. */
function hanging(job: Partial<Job> = {}) {
  let hang = Promise.withResolvers<void>();
  const loop = new Loop({
    name: "end_waits",
    everyMs: 60_000,
    staggerMs: 0,
    runOnce: async ({ at }) => {
      at("connecting");
      await hang.promise;
      return 0;
    },
    ...job,
  });
  return {
    loop,
    release: () => {
      hang.resolve();
      hang = Promise.withResolvers();
    },
  };
}

function watched(loops: readonly Loop[]) {
  const said: unknown[] = [];
  const onLate = vi.fn();
  const watchdog = watch(() => loops, {
    log: (event, detail) => void said.push([event, detail]),
    onLate,
  });
  return { said, onLate, watchdog };
}

test("a loop that hangs for 30 s is reported once, and once when it is back", async () => {
  vi.spyOn(Math, "random").mockReturnValue(0);
  const { loop, release } = hanging();
  const { said, onLate, watchdog } = watched([loop]);
  loop.start();
  await pass(30_000);
  expect([said, loop.doing]).toEqual([[], "connecting"]);
  await pass(30_000);
  expect(said).toEqual([["loops_late", { loops: "end_waits (connecting, 35 s)" }]]);
  expect(onLate.mock.calls).toEqual([[[loop]]]);
  release();
  await pass(5_000);
  expect(said.slice(1)).toEqual([["loops_recovered", { loops: "end_waits" }]]);
  expect([loop.doing, loop.lateMs]).toEqual(["waiting", 0]);
  await Promise.all([watchdog.stop(), loop.stop()]);
  vi.restoreAllMocks();
});

test("loops that hang on the same server share one line", async () => {
  const [first, second] = [hanging(), hanging({ name: "create_runs" })];
  const { said, onLate, watchdog } = watched([first.loop, second.loop]);
  for (const { loop } of [first, second]) loop.start();
  await pass(45_000);
  for (const { release } of [first, second]) release();
  await pass(5_000);
  expect(said).toEqual([
    ["loops_late", { loops: expect.stringMatching(/^end_waits .*, create_runs .*/) }],
    ["loops_recovered", { loops: "end_waits, create_runs" }],
  ]);
  expect(onLate.mock.calls).toEqual([[[first.loop, second.loop]]]);
  await Promise.all([watchdog.stop(), first.loop.stop(), second.loop.stop()]);
});

test("a loop that waits for its period, has not started, or was stopped is not late", async () => {
  const { loop, release } = hanging({ everyMs: 600_000 });
  const idle = hanging().loop;
  release();
  loop.start();
  await pass(0);
  release();
  await pass(300_000);
  expect([loop.lateMs, loop.sinceRoundMs, late([loop, idle])]).toEqual([0, 300_000, []]);
  await loop.stop();
  await pass(600_000);
  expect(late([loop])).toEqual([]);
});

test("a pass that begins late counts from when it was due", async () => {
  const { loop, release } = hanging({ everyMs: 1_000 });
  loop.start();
  await pass(0);
  release();
  await pass(0);
  // The event loop stood still: time went by and no timer fired.
  vi.spyOn(performance, "now").mockReturnValue(performance.now() + 41_000);
  expect([loop.lateMs, late([loop], 39_000), late([loop], 40_000)]).toEqual([40_000, [loop], []]);
  vi.restoreAllMocks();
  await loop.stop();
});

test("a loop that is gone is forgotten", async () => {
  const { loop, release } = hanging();
  const loops = [loop];
  const { said, watchdog } = watched(loops);
  loop.start();
  await pass(40_000);
  loops.pop();
  await pass(5_000);
  expect(said.map((line) => (line as [string])[0])).toEqual(["loops_late", "loops_recovered"]);
  release();
  await Promise.all([watchdog.stop(), loop.stop()]);
});
