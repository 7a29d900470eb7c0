/** Finds circles among the DAGs of a folder: each waits for runs of the next. */

/**
 * The circle back to a DAG, in the order in which runs would follow each other; null when
 * there is none.
 */
export function circleFrom(
  start: string,
  awaited: ReadonlyMap<string, readonly string[]>,
): readonly string[] | null {
  const ways = (awaited.get(start) ?? []).map((next) => [next, start]);
  const seen = new Set<string>();
  for (const way of ways) {
    const [first = ""] = way;
    if (first === start) return way;
    if (seen.has(first)) continue;
    seen.add(first);
    ways.push(...(awaited.get(first) ?? []).map((next) => [next, ...way]));
  }
  return null;
}
