/** The table of the verbs of runs, and what the comments of the states say of it. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { RUN_STATES } from "../../../runtime/state/run_state.ts";
import {
  mayLeave,
  RUN_VERBS,
  type RunVerb,
  type RunVerbName,
} from "../../../runtime/state/run_verbs.ts";
import { statesInComment } from "../../support/state_comments.ts";

const verbs: readonly (readonly [RunVerbName, RunVerb])[] = Object.entries(RUN_VERBS) as never;

describe("the verbs of runs", () => {
  test("lead to every state, and out of every state", () => {
    for (const state of RUN_STATES) {
      expect(verbs.filter(([, { to }]) => to.includes(state)).length, state).toBeGreaterThan(0);
      expect(verbs.filter(([, { from }]) => from.includes(state)).length, state).toBeGreaterThan(0);
    }
  });

  test("let only people take a run out of a final state", () => {
    const out = verbs.filter(([verb]) => mayLeave(verb, "success") || mayLeave(verb, "failed"));
    expect(out.map(([verb]) => verb)).toEqual(["mark", "reopen"]);
  });

  test("move a queued run only by a start, or by a person", () => {
    const out = verbs.filter(([verb]) => mayLeave(verb, "queued")).map(([verb]) => verb);
    expect(out).toEqual(["start", "cancel", "mark", "reopen"]);
  });
});

test("the comment of each state names the verbs that move a run in and out", () => {
  const path = fileURLToPath(new URL("../../../runtime/state/run_state.ts", import.meta.url));
  const comment = readFileSync(path, "utf8").split("export const RUN_STATES")[0]!;
  expect(statesInComment(comment)).toEqual(
    RUN_STATES.map((state) => [
      state,
      verbs.filter(([, { to }]) => to.includes(state)).map(([verb]) => verb),
      verbs.filter(([, { from }]) => from.includes(state)).map(([verb]) => verb),
    ]),
  );
});
