/**
 * `npm run chaos -- --minutes 10 --seed 7 [--only "kill worker,clear"]`: real services
 * under random faults, then a check of every promise. Exit code 1 when one is broken.
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { FAULT_KINDS, type FaultKind, planOf } from "./plan.ts";
import { reportLines } from "./report.ts";
import { chaos } from "./run.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "1" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 1_000_000)) },
    only: { type: "string", default: FAULT_KINDS.join() },
  },
});
const seed = Number(values.seed);
const kinds = values.only.split(",").map(kindOf);
const plan = planOf({ seed, forMs: Number(values.minutes) * 60_000, kinds });
console.log(`seed ${seed}: ${plan.length} faults in ${values.minutes} min`);
const began = performance.now();
const report = await chaos({
  ...{ seed, plan, log, mostStillMs: 15_000 },
  bin: fileURLToPath(new URL("../../dist/runtime/cli/bin.js", import.meta.url)),
  services: {
    s1: "scheduler",
    s2: "scheduler",
    w1: "worker",
    w2: "worker",
    w3: "worker",
    page: "web",
  },
});
for (const line of reportLines(report)) console.log(line);
const isBroken = report.checks.some(({ problems }) => problems.length > 0);
if (isBroken) console.log(`Repeat it with --seed ${seed} --minutes ${values.minutes}.`);
process.exit(isBroken ? 1 : 0);

function log(line: string): void {
  console.log(`${((performance.now() - began) / 1_000).toFixed(1)} ${line}`);
}

function kindOf(name: string): FaultKind {
  const kind = FAULT_KINDS.find((known) => known === name.trim());
  if (kind !== undefined) return kind;
  console.error(`Unknown fault "${name}". Allowed: ${FAULT_KINDS.join(", ")}.`);
  process.exit(2);
}
