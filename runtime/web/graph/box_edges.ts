/**
 * Edges as the graph shows them. What was wired to a group is an edge to each of its first tasks, or from each of its last ones: where all of
 * those are there, one edge to or from the group's box says the same, and a graph of groups stays a graph of few lines.
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

/** @param boxes those inside others after them: an edge ends at the outermost box of which it can be said */
export function boxEdges(edges: readonly GraphEdge[], boxes: readonly Box[]): readonly GraphEdge[] {
  const ends = boxes.map(({ id, inside }) => ({ id, ...endsOf(inside, edges) }));
  const merged = ends.reduce((left, { id, lasts }) => merge(left, "from", id, lasts), edges);
  return ends.reduce((left, { id, firsts }) => merge(left, "to", id, firsts), merged);
}

interface Ends {
  readonly firsts: ReadonlySet<string>;
  readonly lasts: ReadonlySet<string>;
}

/** What in a box has nothing of the box before it, and what has nothing of it behind. */
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

/** Puts one edge of the box in the place of those of all its ends, for whatever outside has one of each. */
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
