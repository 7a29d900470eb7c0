/** Random numbers that a seed repeats, so that a plan can be made again. */

export interface Random {
  /** From 0 up to, but not including, 1. */
  next(): number;
  /** A whole number within bounds, inclusive. */
  between(least: number, most: number): number;
  pick<Item>(items: readonly Item[]): Item;
}

/**
 * The generator xorshift32, which needs no more than a few lines and repeats everywhere.
 */
export function randomOf(seed: number): Random {
  let state = (seed * 2_654_435_761 + 1) >>> 0 || 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
  const between = (least: number, most: number): number =>
    least + Math.floor(next() * (most - least + 1));
  return {
    next,
    between,
    pick: (items) => items[between(0, items.length - 1)] as (typeof items)[number],
  };
}
