/**
 * The faults of a chaos run: which, in what order, and after what pause. Pure: a seed
 * always makes the same plan. Which process a fault meets depends on what runs then, so a
 * plan repeats and a run does not.
 */
import { type Random, randomOf } from "./random.ts";

/** Each kind of fault with its weight: how often it is drawn. */
const WEIGHTS = {
  "kill worker": 5,
  "kill scheduler": 4,
  "kill task process": 5,
  "freeze worker": 3,
  "freeze scheduler": 3,
  "freeze in a transaction": 3,
  "restart database": 2,
  "crash database": 2,
  "end backends": 3,
  "reset connections": 3,
  "slow connections": 2,
  "silence for a while": 3,
  "silence for ever": 3,
  deploy: 2,
  clear: 3,
  cancel: 2,
  burst: 1,
  "disk full": 2,
  "read-only": 2,
  poison: 3,
  "exhaust memory": 2,
  "set clock": 3,
} as const;

export type FaultKind = keyof typeof WEIGHTS;

export const FAULT_KINDS = Object.keys(WEIGHTS) as readonly FaultKind[];

/** A planned fault. Its numbers choose among what is there when it happens. */
export interface PlannedFault {
  readonly kind: FaultKind;
  /** Milliseconds between the fault before and this one. */
  readonly afterMs: number;
  /** How long it lasts, in milliseconds, for faults that last. */
  readonly lastsMs: number;
  /** Chooses the process or the run that it meets. */
  readonly choice: number;
  /** How far the clock of a restarted service, or of one that runs, is off, in milliseconds. */
  readonly clockMs: number;
}

export interface PlanOptions {
  readonly seed: number;
  /** The faults together take at least this long. */
  readonly forMs: number;
  /** Default: all. */
  readonly kinds?: readonly FaultKind[];
}

const HOUR_MS = 3_600_000;

/**
 * Makes the plan of a seed. Each kind comes once before the others are drawn at random.
 */
export function planOf({ seed, forMs, kinds = FAULT_KINDS }: PlanOptions): readonly PlannedFault[] {
  const random = randomOf(seed);
  const bag = kinds.flatMap((kind) => Array<FaultKind>(WEIGHTS[kind]).fill(kind));
  const first = shuffled(random, kinds);
  const plan: PlannedFault[] = [];
  for (let ms = 0; ms < forMs || plan.length < kinds.length; ) {
    const fault = faultOf(random, first[plan.length] ?? random.pick(bag));
    plan.push(fault);
    ms += fault.afterMs;
  }
  return plan;
}

function faultOf(random: Random, kind: FaultKind): PlannedFault {
  const isLong = random.next() < 0.3;
  return {
    kind,
    afterMs: random.between(800, 3_500),
    lastsMs: isLong ? random.between(14_000, 25_000) : random.between(1_000, 6_000),
    choice: random.between(0, 999_999),
    clockMs: random.pick([0, 0, 0, HOUR_MS, -HOUR_MS]),
  };
}

function shuffled<Item>(random: Random, items: readonly Item[]): readonly Item[] {
  const left = [...items];
  return items.map(() => left.splice(random.between(0, left.length - 1), 1)[0] as Item);
}
