import { describe, expect, test } from "vitest";
import {
  judge,
  type RuleOutcome,
  type UpstreamCounts,
} from "../../../runtime/state/trigger_rule.ts";
import { TRIGGER_RULES, type TriggerRule } from "../../../sdk/spec/index.ts";
import fc from "../../support/fast_check.ts";

/**
 * What ended: S success, F failed, K skipped, U upstream_failed, X removed; R still runs.
 */
function countsOf(letters: string): UpstreamCounts {
  const count = (letter: string): number => [...letters].filter((one) => one === letter).length;
  return {
    total: letters.length,
    success: count("S"),
    failed: count("F"),
    skipped: count("K"),
    upstreamFailed: count("U"),
    removed: count("X"),
  };
}

const OUTCOMES: Readonly<Record<string, RuleOutcome>> = {
  r: "run",
  w: "wait",
  s: "skip",
  u: "upstream_failed",
};

// r run, w wait, s skip, u upstream_failed: Airflow's outcome for two tasks before one,
// in these states.
const COLUMNS = ["SS", "SF", "SK", "SU", "FF", "KK", "UU", "FK", "SR", "FR", "KR", "UR", "RR"];
const TABLE = {
  all_success: "r u s u u s u u w u s u w",
  all_failed: "s s s s r s r s s w s w w",
  all_done: "r r r r r r r r w w w w w",
  all_done_min_one_success: "r r s r u s u s w w s w w",
  all_skipped: "s s s s s r s s s s w s w",
  one_success: "r r r r u s u u r w w w w",
  one_failed: "s r s r r s r r w r w r w",
  one_done: "r r r r r s s r r r w w w",
  none_failed: "r u r u u r u u w u w u w",
  none_failed_min_one_success: "r u r u u s u u w u w u w",
  none_skipped: "r r s r r s r s w w s w w",
  always: "r r r r r r r r r r r r r",
  // None of them is a setup.
  all_done_setup_success: "r r r r r r r r w w w w w",
} as const;

describe.each(TRIGGER_RULES)("%s", (rule) => {
  test("decides as the table says", () => {
    const found = COLUMNS.map((letters) => `${letters} ${judge(rule, countsOf(letters))}`);
    const expected = TABLE[rule]
      .split(" ")
      .map((letter, at) => `${COLUMNS[at]} ${OUTCOMES[letter]}`);
    expect(found).toEqual(expected);
  });

  test("lets a task without upstream run", () => {
    expect(judge(rule, countsOf(""))).toBe("run");
  });

  test("speaks at the latest when everything has ended", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("S", "F", "K", "U"), { minLength: 1, maxLength: 12 }),
        (ends) => {
          expect(judge(rule, countsOf(ends.join("")))).not.toBe("wait");
        },
      ),
    );
  });

  test("does not look at the order in which tasks ended", () => {
    const ends = fc.array(fc.constantFrom("S", "F", "K", "U", "R"), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(ends, (letters) => {
        expect(judge(rule, countsOf(letters.toReversed().join("")))).toBe(
          judge(rule, countsOf(letters.join(""))),
        );
      }),
    );
  });
});

describe("the rule of teardowns", () => {
  const rule = "all_done_setup_success";
  const judged = (setups: string, upstream = setups): RuleOutcome =>
    judge(rule, countsOf(upstream), countsOf(setups));

  test.each([
    ["S", "run"],
    ["SF", "run"],
    ["SKU", "run"],
    ["F", "upstream_failed"],
    ["U", "upstream_failed"],
    ["FK", "upstream_failed"],
    ["KK", "skip"],
  ] as const)("after setups that ended as %s says %s", (setups, outcome) => {
    expect(judged(setups)).toBe(outcome);
    expect(judged(setups, `${setups}FU`)).toBe(outcome);
    expect(judged(setups, `${setups}R`), "while work still runs").toBe("wait");
  });
});

describe("an upstream that was removed", () => {
  test.each([
    ["all_success", "SX", "wait"],
    ["all_failed", "FX", "wait"],
    ["all_done", "SX", "run"],
    ["all_skipped", "KX", "wait"],
    ["one_success", "XX", "upstream_failed"],
    ["one_failed", "SX", "skip"],
    ["one_done", "KX", "skip"],
    ["none_failed", "SX", "wait"],
    ["none_failed_min_one_success", "KX", "wait"],
    ["none_skipped", "SX", "run"],
    ["all_done_min_one_success", "XX", "upstream_failed"],
  ] as const)("lets %s over %s say %s", (rule, letters, outcome) => {
    expect(judge(rule, countsOf(letters))).toBe(outcome);
  });
});

/**
 * What the rule says after each end, in the order of the letters, until and after it has
 * spoken.
 */
function saidInTurn(rule: TriggerRule, letters: readonly string[]): readonly RuleOutcome[] {
  const said = letters.map((_, known) =>
    judge(rule, countsOf(letters.map((letter, at) => (at <= known ? letter : "R")).join(""))),
  );
  return said.filter((outcome) => outcome !== "wait");
}

const ends = fc.array(fc.constantFrom("S", "F", "K", "U"), { minLength: 1, maxLength: 8 });

describe.each(TRIGGER_RULES)("%s, once it has spoken,", (rule) => {
  test("does not let run what it refused, nor refuse what it let run, as more tasks end", () => {
    fc.assert(
      fc.property(ends, (letters) => {
        const said = saidInTurn(rule, letters);
        expect(new Set(said.map((outcome) => outcome === "run")).size, said.join()).toBe(1);
      }),
    );
  });
});

// With all_success a skip and a failure are both refusals: what ended first names the
// reason, as in Airflow.
test.each(TRIGGER_RULES.filter((rule) => rule !== "all_success"))(
  "%s says the same for ever",
  (rule) => {
    fc.assert(
      fc.property(ends, (letters) => {
        expect(new Set(saidInTurn(rule, letters)).size).toBe(1);
      }),
    );
  },
);
