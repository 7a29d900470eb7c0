/**
 * Edges as the graph shows them. An edge to a group is an edge to each of its first
 * tasks; an edge from a group comes from each of its last tasks. Where all of those
 * exist, one edge to or from the group's box replaces them, so that a graph of groups has
 * few lines.
 */

/** From and to are ids of nodes or of boxes. */
export interface GraphEdge {
  readonly from: string;
  readonly to: string;
}

/** A box, with the ids of the ends that edges may have in it, at any depth. */
export interface Box {
  readonly id: string;
  readonly inside: ReadonlySet<string>;
}

/**
 * @param boxes inner boxes after outer ones: an edge ends at the outermost box that can
 *   replace its ends
 */
export function boxEdges(edges: readonly GraphEdge[], boxes: readonly Box[]): readonly GraphEdge[] {
  const ends = boxes.map(({ id, inside }) => ({ id, ...endsOf(inside, edges) }));
  const merged = ends.reduce((left, { id, lasts }) => merge(left, "from", id, lasts), edges);
  return ends.reduce((left, { id, firsts }) => merge(left, "to", id, firsts), merged);
}

interface Ends {
  readonly firsts: ReadonlySet<string>;
  readonly lasts: ReadonlySet<string>;
}

/**
 * The ends in a box without a predecessor in the box, and those without a successor in
 * it.
 */
function endsOf(inside: ReadonlySet<string>, edges: readonly GraphEdge[]): Ends {
  const within = edges.filter(({ from, to }) => inside.has(from) && inside.has(to));
  const [after, before] = [
    new Set(within.map(({ to }) => to)),
    new Set(within.map(({ from }) => from)),
  ];
  const all = [...inside];
  return {
    firsts: new Set(all.filter((id) => !after.has(id))),
    lasts: new Set(all.filter((id) => !before.has(id))),
  };
}

/**
 * Replaces the edges of all ends of a box by one edge of the box, for each outside node
 * that has one of each.
 */
function merge(
  edges: readonly GraphEdge[],
  side: "from" | "to",
  boxId: string,
  ends: ReadonlySet<string>,
): readonly GraphEdge[] {
  const other = side === "from" ? "to" : "from";
  const reached = Map.groupBy(
    edges.filter((edge) => ends.has(edge[side])),
    (edge) => edge[other],
  );
  const whole = new Set(
    [...reached].filter(([, { length }]) => length === ends.size).map(([outside]) => outside),
  );
  const kept = edges.filter((edge) => !(ends.has(edge[side]) && whole.has(edge[other])));
  return [
    ...kept,
    ...[...whole].map((outside) =>
      side === "from" ? { from: boxId, to: outside } : { from: outside, to: boxId },
    ),
  ];
}
