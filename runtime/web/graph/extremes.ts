/** The least and the most of many numbers: as arguments of Math.min and Math.max, those of a large graph would overflow the stack. */

/** Infinity of none. */
export function least(values: readonly number[]): number {
  return values.reduce((one, other) => Math.min(one, other), Number.POSITIVE_INFINITY);
}

/** -Infinity of none. */
export function most(values: readonly number[]): number {
  return values.reduce((one, other) => Math.max(one, other), Number.NEGATIVE_INFINITY);
}
