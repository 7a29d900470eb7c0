/** When updates of assets are enough for a run. */

import { describe, expect, it } from "vitest";
import {
  assetsOf,
  conditionText,
  isMet,
} from "../../../runtime/timetable/sources/asset_condition.ts";
import type { AssetCondition } from "../../../sdk/spec/index.ts";
import fc from "../../support/fast_check.ts";

const [a, b, c] = ["a", "b", "c"].map((asset) => ({ asset })) as [
  AssetCondition,
  AssetCondition,
  AssetCondition,
];
const updated = (...uris: string[]): Set<string> => new Set(uris);

describe("a condition", () => {
  it.each([
    ["all of several, each updated", { all: [a, b, c] }, ["a", "b", "c"], true],
    ["all of several, one missing", { all: [a, b, c] }, ["a", "c"], false],
    ["all of several, none updated", { all: [a, b, c] }, [], false],
    ["any of several, one updated", { any: [a, b, c] }, ["c"], true],
    ["any of several, another updated", { any: [a, b] }, ["c"], false],
    ["one and one of two", { all: [a, { any: [b, c] }] }, ["a", "c"], true],
    ["one and one of two, without the one", { all: [a, { any: [b, c] }] }, ["b", "c"], false],
    ["one and one of two, without the two", { all: [a, { any: [b, c] }] }, ["a"], false],
  ] satisfies [string, AssetCondition, string[], boolean][])(
    "of %s is judged right",
    (_, condition, uris, expected) => {
      expect(isMet(condition, updated(...uris))).toBe(expected);
    },
  );

  it("on an alias is met by any asset that it stands for, and by none while it stands for none", () => {
    expect(isMet({ alias: "x" }, updated("a"), new Map([["x", ["b", "a"]]]))).toBe(true);
    expect(isMet({ alias: "x" }, updated("a"), new Map([["x", ["b"]]]))).toBe(false);
    expect(isMet({ alias: "x" }, updated("a"), new Map([["x", []]]))).toBe(false);
    expect(isMet({ alias: "x" }, updated("a"))).toBe(false);
  });

  it("is met once all its assets are updated, and stays met when more are", () => {
    const leaf = fc.constantFrom(a, b, c);
    const { condition } = fc.letrec<{ condition: AssetCondition }>((tie) => ({
      condition: fc.oneof(
        { depthSize: "small" },
        leaf,
        fc.record({ all: fc.array(tie("condition"), { minLength: 1, maxLength: 3 }) }),
        fc.record({ any: fc.array(tie("condition"), { minLength: 1, maxLength: 3 }) }),
      ),
    }));
    fc.assert(
      fc.property(
        condition,
        fc.subarray(["a", "b", "c"]),
        fc.constantFrom("a", "b", "c"),
        (one, some, more) => {
          expect(isMet(one, assetsOf(one))).toBe(true);
          if (isMet(one, updated(...some))) expect(isMet(one, updated(...some, more))).toBe(true);
        },
      ),
    );
  });

  it("is said in words", () => {
    expect(conditionText({ all: [a, { any: [b, c] }, { alias: "x" }] })).toBe(
      "a and (b or c) and (any of the alias x)",
    );
    expect(conditionText({ all: [{ any: [b] }] })).toBe("b");
  });
});
