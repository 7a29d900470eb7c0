/** The plan of a chaos run: its seed repeats it, and it leaves no kind of fault out. */

import { expect, test } from "vitest";
import fc from "../support/fast_check.ts";
import { dagFiles } from "./dags.ts";
import { FAULT_KINDS, planOf } from "./plan.ts";

test("a seed always makes the same plan and the same DAGs, and another seed other ones", () => {
  fc.assert(
    fc.property(fc.nat(1_000_000), (seed) => {
      const options = { seed, forMs: 60_000 };
      expect(planOf(options)).toEqual(planOf(options));
      expect(dagFiles(seed, 1)).toEqual(dagFiles(seed, 1));
      expect(planOf({ ...options, seed: seed + 1 })).not.toEqual(planOf(options));
    }),
  );
});

test("every kind of fault comes before any comes twice, also in a short run", () => {
  fc.assert(
    fc.property(fc.nat(1_000_000), (seed) => {
      const kinds = planOf({ seed, forMs: 0 }).map(({ kind }) => kind);
      expect(kinds.toSorted()).toEqual(FAULT_KINDS.toSorted());
    }),
  );
});

test("only the kinds that were asked for come, and for as long as was asked for", () => {
  const plan = planOf({ seed: 3, forMs: 120_000, kinds: ["clear", "cancel"] });
  expect(new Set(plan.map(({ kind }) => kind))).toEqual(new Set(["clear", "cancel"]));
  expect(plan.reduce((sum, { afterMs }) => sum + afterMs, 0)).toBeGreaterThanOrEqual(120_000);
});
