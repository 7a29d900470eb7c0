/** One line of the benchmark: what was measured, and what DESIGN asks for. */
export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What to reach, in words. */
  readonly target: string;
  readonly ok: boolean;
}

/** A figure that must not be above its target. */
export function atMost(name: string, value: number, unit: string, target: number, note = ""): Row {
  return {
    name,
    value,
    unit,
    target: `at most ${target} ${unit}${note && `, ${note}`}`,
    ok: value <= target,
  };
}

/** A figure that must not be below its target. */
export function atLeast(name: string, value: number, unit: string, target: number, note = ""): Row {
  return {
    name,
    value,
    unit,
    target: `at least ${target} ${unit}${note && `, ${note}`}`,
    ok: value >= target,
  };
}

/** The middle one of some measurements. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
