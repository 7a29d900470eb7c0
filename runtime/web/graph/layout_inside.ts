/**
 * Lays out the content of one box, from left to right, with dagre. An edge that continues
 * outside has a gate at the border: a node without a size, after the last column or
 * before the first. So the edge is led around the nodes in its way.
 */
import dagre from "@dagrejs/dagre";
import { least, most } from "./extremes.ts";
import type { Placed, Point } from "./graph_layout.ts";
import { columnsOf, gateOf, type Leg, pathOf } from "./leg_path.ts";
import { placesInOrder } from "./sibling_order.ts";

export interface Child {
  readonly id: string;
  readonly width: number;
  readonly height: number;
}

/** Space around the content. */
export interface Frame {
  readonly side: number;
  readonly top: number;
  readonly bottom: number;
  /** The size of the content, with the space around it. */
  readonly leastWidth: number;
}

/** All positions are relative to the box's upper left corner. */
export interface Inside {
  readonly width: number;
  readonly height: number;
  readonly children: ReadonlyMap<string, Placed>;
  /** The points of each leg, both ends included. */
  readonly legs: ReadonlyMap<string, readonly Point[]>;
  /** The height at which a leg meets the border, by its key. */
  readonly gates: ReadonlyMap<string, number>;
}

export function placeInside(
  children: readonly Child[],
  legs: readonly Leg[],
  frame: Frame,
): Inside {
  const graph = laidOut(children, legs);
  const places = placesInOrder(children, legs, (id) => pointOf(graph, id).y);
  const corners = children.map((child) => cornerOf(graph, places, child));
  const taken = takenBy(legs, places);
  const bends = legs.map((leg) => bendsOf(graph, taken(leg)));
  const { left, right, top, bottom } = boundsOf(corners, bends.flat());
  const width = Math.max(frame.leastWidth, right - left + 2 * frame.side);
  const [across, down] = [(width - left - right) / 2, frame.top - top];
  const placed = new Map(
    corners.map((corner) => [corner.id, { ...corner, x: corner.x + across, y: corner.y + down }]),
  );
  const columns = columnsOf([...placed.values()]);
  const paths = legs.map((leg, index) => {
    const turns = (bends[index] ?? []).map(([x, y]): Point => [x + across, y + down]);
    return [leg.key, pathOf(leg, turns, placed, columns, width)] as const;
  });
  return {
    width,
    height: bottom - top + frame.top + frame.bottom,
    children: placed,
    legs: new Map(paths),
    gates: new Map(legs.flatMap((leg, index) => gateOf(leg, paths[index]?.[1]))),
  };
}

/** Horizontally, gates do not count: they are outside. */
function boundsOf(corners: readonly Placed[], bends: readonly Point[]) {
  const heights = bends.map(([, y]) => y);
  return {
    left: least(corners.map(({ x }) => x)),
    right: most(corners.map(({ x, width }) => x + width)),
    top: least([...heights, ...corners.map(({ y }) => y)]),
    bottom: most([...heights, ...corners.map(({ y, height }) => y + height)]),
  };
}

type Graph = InstanceType<typeof dagre.graphlib.Graph>;

function laidOut(children: readonly Child[], legs: readonly Leg[]): Graph {
  const graph = new dagre.graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: "LR", nodesep: 14, ranksep: 44, edgesep: 8 });
  for (const { id, width, height } of children) graph.setNode(id, { width, height });
  const depths = depthsOf(legs);
  const deepest = most([0, ...depths.values()]);
  for (const leg of legs) {
    const [from, to] = endsOf(leg);
    if (leg.from === null) graph.setNode(from, { width: 0, height: 0 });
    if (leg.to === null) graph.setNode(to, { width: 0, height: 0 });
    const minlen =
      leg.from === null
        ? 1 + (depths.get(to) ?? 0)
        : leg.to === null
          ? 1 + deepest - (depths.get(from) ?? 0)
          : 1;
    graph.setEdge(from, to, { minlen }, leg.key);
  }
  dagre.layout(graph);
  return graph;
}

/** Ids of the nodes that a leg connects. Ids of tasks contain no spaces. */
function endsOf({ key, from, to }: Leg): readonly [from: string, to: string] {
  return [from?.id ?? ` ${key}`, to?.id ?? ` ${key}`];
}

/**
 * The longest path to each child from a child without a predecessor. Boxes may form a
 * circle: the edge that closes it does not count.
 */
function depthsOf(legs: readonly Leg[]): ReadonlyMap<string, number> {
  const before = new Map<string, string[]>();
  for (const { from, to } of legs)
    if (from && to) before.set(to.id, [...(before.get(to.id) ?? []), from.id]);
  const depths = new Map<string, number>();
  const depth = (id: string): number => {
    const known = depths.get(id);
    if (known !== undefined) return known;
    depths.set(id, 0);
    const found = most([0, ...(before.get(id) ?? []).map((one) => 1 + depth(one))]);
    depths.set(id, found);
    return found;
  };
  for (const id of before.keys()) depth(id);
  return depths;
}

interface Centre {
  readonly x: number;
  readonly y: number;
}

function pointOf(graph: Graph, id: string): Centre {
  const { x = 0, y = 0 } = graph.node(id) as Partial<Centre>;
  return { x, y };
}

function cornerOf(
  graph: Graph,
  places: ReadonlyMap<string, string>,
  { id, width, height }: Child,
): Placed {
  const { x, y } = pointOf(graph, places.get(id) ?? id);
  return { id, x: x - width / 2, y: y - height / 2, width, height };
}

/** The leg whose way a leg takes: that between the places of its ends. */
function takenBy(legs: readonly Leg[], places: ReadonlyMap<string, string>): (leg: Leg) => Leg {
  const wayOf = (from: string | undefined, to: string | undefined): string => `${from} > ${to}`;
  const known = new Map(legs.map((leg) => [wayOf(leg.from?.id, leg.to?.id), leg]));
  const placeOf = (end: Leg["from"]): string | undefined => places.get(end?.id ?? "");
  return (leg) =>
    leg.from && leg.to ? (known.get(wayOf(placeOf(leg.from), placeOf(leg.to))) ?? leg) : leg;
}

/**
 * The points where a leg bends between its ends; the gate is its last point, or the
 * first.
 */
function bendsOf(graph: Graph, leg: Leg): readonly Point[] {
  const [from, to] = endsOf(leg);
  const { points = [] } = graph.edge(from, to, leg.key) as {
    readonly points?: readonly { readonly x: number; readonly y: number }[];
  };
  return points
    .slice(leg.from === null ? 0 : 1, leg.to === null ? points.length : -1)
    .map(({ x, y }) => [x, y] as const);
}
