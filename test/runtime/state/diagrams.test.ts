/**
 * The diagrams of docs/ARCHITECTURE.md show exactly the arrows of the tables of verbs.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { RUN_STATES } from "../../../runtime/state/run_state.ts";
import { RUN_VERBS } from "../../../runtime/state/run_verbs.ts";
import { TASK_STATES } from "../../../runtime/state/task_state.ts";
import { TASK_VERBS } from "../../../runtime/state/task_verbs.ts";
import { arrowsOf, arrowsOfVerbs, diagramsUnder } from "../../support/state_diagram.ts";

const path = fileURLToPath(new URL("../../../docs/ARCHITECTURE.md", import.meta.url));
const text = readFileSync(path, "utf8");

test.each([
  ["a task instance", "The states of a task instance", TASK_STATES, TASK_VERBS, 3],
  ["a run", "The states of a run", RUN_STATES, RUN_VERBS, 1],
] as const)("the diagrams of %s show every arrow once", (_, heading, states, verbs, count) => {
  const diagrams = diagramsUnder(text, heading);
  expect(diagrams).toHaveLength(count);
  const shown = diagrams.flatMap((diagram) => arrowsOf(diagram, states));
  expect(shown.toSorted()).toEqual(arrowsOfVerbs(verbs).toSorted());
});

describe("a diagram", () => {
  test("has an arrow for each verb, and for each state of a box", () => {
    const diagram = '  state "a, b" as some\n  [*] --> a: make\n  some --> c: end, stop\n';
    expect(arrowsOf(diagram, ["a", "b", "c"])).toEqual([
      ...["[*] make a", "a end c", "a stop c", "b end c", "b stop c"],
    ]);
  });

  test("with a line that cannot be read is refused", () => {
    expect(() => arrowsOf("  a -> b: end", [])).toThrow("not a line of a state diagram");
  });
});
