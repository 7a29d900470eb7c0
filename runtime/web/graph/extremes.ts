/**
 * The minimum and the maximum of many numbers. As arguments of Math.min and Math.max,
 * those of a large graph would overflow the stack.
 */

/** Infinity for an empty list. */
export function least(values: readonly number[]): number {
  return values.reduce((one, other) => Math.min(one, other), Number.POSITIVE_INFINITY);
}

/** -Infinity for an empty list. */
export function most(values: readonly number[]): number {
  return values.reduce((one, other) => Math.max(one, other), Number.NEGATIVE_INFINITY);
}
