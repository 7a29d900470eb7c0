/**
 * Keeps siblings in the order in which they were declared. Dagre orders the nodes of a
 * column by crossings alone, so tasks between the same tasks stand in any order. Such
 * tasks can take each other's place without another crossing.
 */
import type { Leg } from "./leg_path.ts";

interface Sized {
  readonly id: string;
  readonly height: number;
}

/**
 * To each child the child whose place it takes; most take their own.
 * @param yOf where a child was laid out
 */
export function placesInOrder(
  children: readonly Sized[],
  legs: readonly Leg[],
  yOf: (id: string) => number,
): ReadonlyMap<string, string> {
  const neighbours = neighboursOf(children, legs);
  const siblings = Map.groupBy(children, ({ id, height }) => `${neighbours.get(id)} ${height}`);
  return new Map(
    [...siblings.values()].flatMap((group) => {
      const places = group.toSorted((one, other) => yOf(one.id) - yOf(other.id));
      return group.map(({ id }, index) => [id, places[index]?.id ?? id] as const);
    }),
  );
}

/** Equal texts for equal neighbours. A child with an edge to outside has no siblings. */
function neighboursOf(
  children: readonly Sized[],
  legs: readonly Leg[],
): ReadonlyMap<string, string> {
  const found = new Map(children.map(({ id }) => [id, new Set<string>()]));
  for (const { from, to } of legs) {
    if (from) found.get(from.id)?.add(to ? `> ${to.id}` : `out of ${from.id}`);
    if (to) found.get(to.id)?.add(from ? `< ${from.id}` : `into ${to.id}`);
  }
  return new Map([...found].map(([id, all]) => [id, [...all].sort().join("\n")]));
}
