/** The verbs against a plain model of who may move what. */

import { describe, expect, test } from "vitest";
import { UNROUTED } from "../../../runtime/engine/limits/limits.ts";
import { MemoryStore } from "../../../runtime/engine/memory/store.ts";
import { planOf } from "../../../runtime/engine/plan/plan_of.ts";
import { judgeRun } from "../../../runtime/state/run_state.ts";
import { isFinal, TASK_STATES, type TaskState } from "../../../runtime/state/task_state.ts";
import type { Transition } from "../../../runtime/state/transition.ts";
import * as verbs from "../../../runtime/state/transition.ts";
import { waitOf } from "../../../runtime/state/wait.ts";
import { dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import fc from "../../support/fast_check.ts";

const ref = { instanceId: 1, tryNumber: 3 };
const error = { name: "Error", message: "no", stack: "" };

const VERBS = {
  start: () => verbs.start(ref, "w"),
  succeed: () => verbs.succeed(ref, "w"),
  skip: () => verbs.skip(ref, "w", "why"),
  fail: () => verbs.fail(ref, "w", "why", error),
  retry: () => verbs.retry(ref, "w", 5_000, "why", error),
  rescue: () => verbs.rescue(ref, "w", "why"),
  failLost: () => verbs.failLost(ref, "w", "why"),
} as const;

const MOVES: Readonly<
  Record<keyof typeof VERBS, readonly [from: readonly TaskState[], to: TaskState]>
> = {
  start: [["queued", "up_for_retry"], "running"],
  succeed: [["running"], "success"],
  skip: [["running"], "skipped"],
  fail: [["running"], "failed"],
  retry: [["running"], "up_for_retry"],
  rescue: [["running"], "queued"],
  failLost: [["running"], "failed"],
};

describe.each(Object.keys(VERBS) as (keyof typeof VERBS)[])("%s", (verb) => {
  const transition: Transition = VERBS[verb]();

  test("leaves and enters the states that it names, at the try it speaks of", () => {
    expect([transition.from, transition.to, transition.instanceId, transition.tryNumber]).toEqual([
      ...MOVES[verb],
      1,
      3,
    ]);
  });

  test("leaves no final state", () => {
    expect(transition.from.filter((state) => isFinal(state))).toEqual([]);
  });

  test("counts only for the worker that holds the try, unless it takes it", () => {
    expect(transition.heldBy).toBe(verb === "start" ? null : "w");
  });

  test("goes on to another try exactly when one follows", () => {
    const isAgain = verb === "retry" || verb === "rescue";
    expect(transition.nextTry).toBe(isAgain ? 4 : 3);
    expect(transition.history).toBe(
      verb === "retry" ? "failed" : verb === "rescue" ? "lost" : null,
    );
    expect(transition.retryInMs).toBe(verb === "retry" ? 5_000 : null);
  });

  test("cannot be changed", () => {
    expect(Object.isFrozen(transition)).toBe(true);
  });
});

test("a call whose run failed goes on to another try, which waits for its delay", () => {
  expect(verbs.retryCall(ref, 5_000, "why", error)).toMatchObject({
    ...{ from: ["deferred"], to: "up_for_retry", heldBy: null, nextTry: 4 },
    ...{ history: "failed", retryInMs: 5_000, reason: "why", error },
  });
});

describe("waiting", () => {
  const wait = waitOf({ type: "event", name: "go", timeoutMs: 60_000, softFail: false });
  test.each([
    [
      "reschedule",
      verbs.reschedule(
        ref,
        "w",
        { at: null, inMs: 5 },
        { queue: null, weight: 1, reservations: null },
      ),
      ["running"],
      "up_for_reschedule",
      "w",
    ],
    ["wake", verbs.wake(ref), ["up_for_reschedule"], "queued", null],
    ["deferUntil", verbs.deferUntil(ref, "w", wait), ["running"], "deferred", "w"],
    ["resume", verbs.resume(ref), ["deferred"], "success", null],
    ["timeOutWait", verbs.timeOutWait(ref, "failed", "why"), ["deferred"], "failed", null],
    ["failCall", verbs.failCall(ref, "why", error), ["deferred"], "failed", null],
    ["timeOutWait softly", verbs.timeOutWait(ref, "skipped", "why"), ["deferred"], "skipped", null],
    ["expire", verbs.expire(ref, "why"), ["queued", "up_for_retry"], "failed", null],
  ] as const)(
    "%s stays at its try and leaves no trace in the history",
    (_verb, transition, from, to, heldBy) => {
      expect(transition).toMatchObject({
        from,
        to,
        heldBy,
        tryNumber: 3,
        nextTry: 3,
        history: null,
        retryInMs: null,
      });
      expect(transition.wait === null).toBe(to !== "up_for_reschedule" && to !== "deferred");
    },
  );
});

describe("cancel", () => {
  test("fails what runs", () => {
    expect(verbs.cancel(ref, "running", "why")).toMatchObject({
      from: ["running"],
      to: "failed",
      reason: "why",
    });
  });

  const WAITING = ["scheduled", "queued", "up_for_retry", "up_for_reschedule", "deferred"] as const;
  test.each(WAITING)("skips what is %s, and not what has begun to run since", (state) => {
    expect(verbs.cancel(ref, state, "why")).toMatchObject({ from: WAITING, to: "skipped" });
  });

  test("leaves no final state", () => {
    for (const state of TASK_STATES)
      expect(verbs.cancel(ref, state, "why").from.some((from) => isFinal(from))).toBe(false);
  });
});

describe("a run", () => {
  test.each([
    [{ openTasks: 1, failedLeaves: 0 }, "running"],
    [{ openTasks: 1, failedLeaves: 1 }, "running"],
    [{ openTasks: 0, failedLeaves: 0 }, "success"],
    [{ openTasks: 0, failedLeaves: 2 }, "failed"],
  ] as const)("with %o is %s", (progress, state) => {
    expect(judgeRun(progress)).toBe(state);
  });
});

/**
 * What a careful reader would expect of one instance, told without the code under test.
 */
interface Model {
  state: TaskState;
  tryNumber: number;
  holder: string | null;
  lostTries: number;
}

const step = fc.record({
  verb: fc.constantFrom(
    "start",
    "succeed",
    "skip",
    "fail",
    "retry",
    "rescue",
    "failLost",
    "cancel",
  ),
  worker: fc.constantFrom("w1", "w2"),
  /** 0 is the current try, -1 one before. */
  age: fc.constantFrom(0, 0, 0, -1, 1),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function expected(model: Model, { verb, worker, age }: Step): Model | undefined {
  if (age !== 0) return undefined;
  const waits = ["queued", "up_for_retry"].includes(model.state);
  if (verb === "start") return waits ? { ...model, state: "running", holder: worker } : undefined;
  if (verb === "cancel") {
    if (model.state === "running") return { ...model, state: "failed" };
    return waits ? { ...model, state: "skipped" } : undefined;
  }
  if (model.state !== "running" || model.holder !== worker) return undefined;
  if (verb === "succeed") return { ...model, state: "success" };
  if (verb === "skip") return { ...model, state: "skipped" };
  if (verb === "retry")
    return { ...model, state: "up_for_retry", tryNumber: model.tryNumber + 1, holder: null };
  if (verb === "rescue")
    return {
      ...model,
      state: "queued",
      tryNumber: model.tryNumber + 1,
      holder: null,
      lostTries: model.lostTries + 1,
    };
  return { ...model, state: "failed" };
}

function transitionOf({ verb, worker, age }: Step, model: Model): Transition {
  const at = { instanceId: 1, tryNumber: model.tryNumber + age };
  if (verb === "start") return verbs.start(at, worker);
  if (verb === "succeed") return verbs.succeed(at, worker);
  if (verb === "skip") return verbs.skip(at, worker, "why");
  if (verb === "fail") return verbs.fail(at, worker, "why", null);
  if (verb === "retry") return verbs.retry(at, worker, 0, "why", null);
  if (verb === "rescue") return verbs.rescue(at, worker, "why");
  if (verb === "failLost") return verbs.failLost(at, worker, "why");
  return verbs.cancel(at, model.state, "why");
}

test("whatever two workers do to one instance, only what the model allows happens", async () => {
  const d = dag("one");
  d.task("a", async () => null);
  const plan = planOf(describeDag(d as never));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const store = new MemoryStore(plan);
      await store.save({
        instances: [
          {
            runId: 1,
            taskId: "a",
            mapIndex: -1,
            state: "queued",
            item: null,
            reason: null,
            error: null,
            route: UNROUTED,
          },
        ],
        jobs: [],
        releases: [],
        counters: [],
        runs: [],
        dependsOnPast: { waits: [], ended: [] },
      });
      let model: Model = { state: "queued", tryNumber: 1, holder: null, lostTries: 0 };
      for (const one of steps) {
        const next = expected(model, one);
        const moved = await store.apply([transitionOf(one, model)]);
        expect(moved.length > 0, `${one.verb} from ${model.state}`).toBe(next !== undefined);
        model = next ?? model;
        const { state, tryNumber, lostTries } = store.instance(1)!;
        expect({ state, tryNumber, lostTries }).toEqual({
          state: model.state,
          tryNumber: model.tryNumber,
          lostTries: model.lostTries,
        });
      }
    }),
  );
});
