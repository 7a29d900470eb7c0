/**
 * The table of verbs: what the comments of the states and the functions of single tries
 * say of it.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { isFinal, MARKS, TASK_STATES } from "../../../runtime/state/task_state.ts";
import {
  FIRST_STATES,
  mayLeave,
  TASK_VERBS,
  type TaskVerb,
  type Verb,
} from "../../../runtime/state/task_verbs.ts";
import * as transitions from "../../../runtime/state/transition.ts";
import { nextPoke } from "../../../runtime/state/wait.ts";
import { statesInComment } from "../../support/state_comments.ts";

const verbs: readonly (readonly [TaskVerb, Verb])[] = Object.entries(TASK_VERBS) as never;
const ref = { instanceId: 1, tryNumber: 3 };
const error = { name: "Error", message: "no", stack: "" };
const way = { queue: null, weight: 1, reservations: null };
const touched = (state: (typeof TASK_STATES)[number]) => ({
  ...{ ...ref, state, began: true, wasQueued: true },
});

/** Every transition that a function can make. */
const MADE = [
  transitions.start(ref, "w"),
  transitions.succeed(ref, "w"),
  transitions.skip(ref, "w", "why"),
  transitions.filterOut(ref, "w", "why"),
  transitions.fail(ref, "w", "why", error),
  transitions.retry(ref, "w", 1, "why", error),
  transitions.retryGroup(ref, undefined),
  transitions.timeOutGroup(ref, "why"),
  transitions.reschedule(ref, "w", { at: null, inMs: 1 }, way),
  ...[true, false].map((isLimited) => transitions.wake(ref, isLimited)),
  transitions.deferUntil(ref, "w", nextPoke({ at: null, inMs: 1 }, way)),
  transitions.resume(ref),
  transitions.failCall(ref, "why", error),
  transitions.retryCall(ref, 1, "why", error),
  ...(["failed", "skipped"] as const).map((to) => transitions.timeOutWait(ref, to, "why")),
  transitions.expire(ref, "why"),
  ...[true, false].map((isLimited) => transitions.rescue(ref, "w", "why", { isLimited })),
  transitions.failLost(ref, "w", "why"),
  transitions.yieldForSlots(ref, "w"),
  transitions.refuse(ref, "why", error),
  ...TASK_STATES.map((state) => transitions.cancel(ref, state, "why")),
  transitions.timeOut(ref, "why"),
  transitions.skipByDecision(ref, "why"),
  ...TASK_STATES.map((state) => transitions.clear(touched(state))),
  ...MARKS.map((to) => transitions.mark(ref, to, "why")),
];

const SETS: readonly TaskVerb[] = [
  "create",
  "recreate",
  "release",
  "grant",
  "beginGroup",
  "requeueItem",
  "reopenGroup",
  "removeSurplus",
];

describe("a transition", () => {
  test("leaves only states that its verb may leave, and enters only those that it may enter", () => {
    for (const { verb, from, to } of MADE) {
      expect(
        from.filter((state) => !mayLeave(verb, state)),
        verb,
      ).toEqual([]);
      expect(TASK_VERBS[verb].to, verb).toContain(to);
    }
  });

  test("exists for every arrow of every verb that moves single tries", () => {
    for (const [verb, { from, to }] of verbs) {
      const made = MADE.filter((one) => one.verb === verb);
      if (SETS.includes(verb)) expect(made, verb).toEqual([]);
      else {
        expect(new Set(made.flatMap((one) => one.from)), verb).toEqual(new Set(from));
        expect(new Set(made.map((one) => one.to)), verb).toEqual(new Set(to));
      }
    }
  });
});

describe("the table", () => {
  test("lets only people, decisions and changed lists out of a final state", () => {
    const out = verbs.filter(([, { from }]) => from.some(isFinal)).map(([verb]) => verb);
    expect(out).toEqual(["recreate", "skipByDecision", "clear", "mark"]);
  });

  test("leads to every state, and out of every state", () => {
    for (const state of TASK_STATES) {
      expect(verbs.filter(([, { to }]) => to.includes(state)).length, state).toBeGreaterThan(0);
      expect(verbs.filter(([, { from }]) => from.includes(state)).length, state).toBeGreaterThan(0);
    }
    expect(FIRST_STATES).not.toContain("none");
  });
});

test("the comment of each state names the verbs that move an instance in and out", () => {
  const path = fileURLToPath(new URL("../../../runtime/state/task_state.ts", import.meta.url));
  const comment = readFileSync(path, "utf8").split("export const TASK_STATES")[0]!;
  const told = statesInComment(comment).map(([state, ins, outs]) => [
    ...[state, ins.toSorted(), outs.toSorted()],
  ]);
  const said = (of: (verb: Verb) => boolean): string[] =>
    verbs
      .filter(([, verb]) => of(verb))
      .map(([verb]) => verb)
      .toSorted();
  expect(told).toEqual(
    TASK_STATES.map((state) => [
      state,
      said(({ to }) => to.includes(state)),
      said(({ from }) => from.includes(state)),
    ]),
  );
});
