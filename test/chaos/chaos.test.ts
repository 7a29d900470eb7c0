/**
 * One fault of each kind against real services: what docs/guarantees.md promises holds
 * after it. The faults are counted and the work is waited for, so a slow machine only
 * takes longer.
 */
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { FAULT_KINDS, type FaultKind, planOf } from "./plan.ts";
import { reportLines } from "./report.ts";
import { chaos } from "./run.ts";

const SEED = 4;
/** Long freezes and silences are for `npm run chaos`. */
const LONGEST_MS = 4_000;
const LEFT_OUT: readonly FaultKind[] = ["silence for ever"];

test("after one fault of each kind nothing is lost, doubled or left behind", async () => {
  const kinds = FAULT_KINDS.filter((kind) => !LEFT_OUT.includes(kind));
  const plan = planOf({ seed: SEED, forMs: 0, kinds }).map((fault) => ({
    ...fault,
    lastsMs: Math.min(fault.lastsMs, LONGEST_MS),
  }));
  const report = await chaos({
    ...{ seed: SEED, plan, mostStillMs: 60_000, log: () => undefined },
    bin: fileURLToPath(new URL("../../runtime/cli/bin.ts", import.meta.url)),
    services: { s1: "scheduler", s2: "scheduler", w1: "worker", w2: "worker" },
  });
  const broken = report.checks.filter(({ problems }) => problems.length > 0);
  expect(broken, reportLines(report).join("\n")).toEqual([]);
  expect(report.faults.size).toBeGreaterThan(kinds.length / 2);
  expect(report.figures.runs).toBeGreaterThan(5);
}, 300_000);
