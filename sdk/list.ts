/** Operations on lists that JavaScript has no name for. */

/**
 * Splits a list in two, each part in the order of the list.
 * @example const [even, odd] = partition([1, 2, 3], (n) => n % 2 === 0);
 */
export function partition<Item>(
  list: readonly Item[],
  test: (item: Item) => boolean,
): readonly [passed: readonly Item[], others: readonly Item[]] {
  const passed: Item[] = [];
  const others: Item[] = [];
  for (const item of list) (test(item) ? passed : others).push(item);
  return [passed, others];
}

/**
 * Reads an option that takes one value or a list of values.
 * @example listOf("a"); // ["a"]
 */
export function listOf<Item>(value: Item | readonly Item[]): readonly Item[] {
  return isList(value) ? value : [value];
}

/** Array.isArray does not tell a read-only list from an item. */
function isList<Item>(value: Item | readonly Item[]): value is readonly Item[] {
  return Array.isArray(value);
}
