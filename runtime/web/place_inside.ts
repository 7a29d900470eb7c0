/**
 * Places what is in one box, from left to right, by dagre. An edge that goes on outside has a gate at the border: a node without a size,
 * behind the last column or before the first, so that the edge is led round what stands in its way.
 */
import dagre from "@dagrejs/dagre";
import type { Placed, Point } from "./graph_layout.ts";

/** Where an edge ends inside a box. */
export interface LegEnd {
  readonly id: string;
  /** On its side, from its top. */
  readonly y: number;
}

/** The part of an edge that lies in the box. */
export interface Leg {
  readonly key: string;
  /** Null: the border. */
  readonly from: LegEnd | null;
  readonly to: LegEnd | null;
}

export interface Child {
  readonly id: string;
  readonly width: number;
  readonly height: number;
}

/** Room around what is inside. */
export interface Frame {
  readonly side: number;
  readonly top: number;
  readonly bottom: number;
  /** Of all, room included. */
  readonly leastWidth: number;
}

/** All places are counted from the box's upper left corner. */
export interface Inside {
  readonly width: number;
  readonly height: number;
  readonly children: ReadonlyMap<string, Placed>;
  /** The points of each leg, both ends included. */
  readonly legs: ReadonlyMap<string, readonly Point[]>;
  /** The height at which a leg meets the border, by its key. */
  readonly gates: ReadonlyMap<string, number>;
}

export function placeInside(children: readonly Child[], legs: readonly Leg[], frame: Frame): Inside {
  const graph = laidOut(children, legs);
  const corners = children.map((child) => cornerOf(graph, child));
  const bends = new Map(legs.map((leg) => [leg.key, bendsOf(graph, leg)]));
  const heights = [...bends.values()].flatMap((points) => points.map(([, y]) => y));
  const [left, right] = [least(corners.map(({ x }) => x)), most(corners.map(({ x, width }) => x + width))];
  const [top, bottom] = [
    least([...heights, ...corners.map(({ y }) => y)]),
    most([...heights, ...corners.map(({ y, height }) => y + height)]),
  ];
  const width = Math.max(frame.leastWidth, right - left + 2 * frame.side);
  const moved = ([x, y]: Point): Point => [x - left + (width - (right - left)) / 2, y - top + frame.top];
  const placed = new Map(
    corners.map((corner) => {
      const [x, y] = moved([corner.x, corner.y]);
      return [corner.id, { ...corner, x, y }];
    }),
  );
  const columns = columnsOf(placed);
  const paths = legs.map((leg) => [leg.key, pathOf(leg, (bends.get(leg.key) ?? []).map(moved), placed, columns, width)] as const);
  return {
    width,
    height: bottom - top + frame.top + frame.bottom,
    children: placed,
    legs: new Map(paths),
    gates: new Map(legs.flatMap(({ key, from, to }, index) => gateOf(key, from === null ? 0 : to === null ? -1 : null, paths[index]?.[1]))),
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
    const minlen = leg.from === null ? 1 + (depths.get(to) ?? 0) : leg.to === null ? 1 + deepest - (depths.get(from) ?? 0) : 1;
    graph.setEdge(from, to, { minlen }, leg.key);
  }
  dagre.layout(graph);
  return graph;
}

/** Ids of the nodes that a leg connects. Ids of tasks hold no spaces. */
function endsOf({ key, from, to }: Leg): readonly [from: string, to: string] {
  return [from?.id ?? ` ${key}`, to?.id ?? ` ${key}`];
}

/** The longest way to each child from one that nothing is before. Boxes may stand in a circle: the edge that closes it does not count. */
function depthsOf(legs: readonly Leg[]): ReadonlyMap<string, number> {
  const before = new Map<string, string[]>();
  for (const { from, to } of legs) if (from && to) before.set(to.id, [...(before.get(to.id) ?? []), from.id]);
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

function cornerOf(graph: Graph, { id, width, height }: Child): Placed {
  const { x = 0, y = 0 } = graph.node(id) as { readonly x?: number; readonly y?: number };
  return { id, x: x - width / 2, y: y - height / 2, width, height };
}

/** Where a leg turns between its ends; the gate is its last point, or the first. */
function bendsOf(graph: Graph, leg: Leg): readonly Point[] {
  const [from, to] = endsOf(leg);
  const { points = [] } = graph.edge(from, to, leg.key) as { readonly points?: readonly { readonly x: number; readonly y: number }[] };
  return points.slice(leg.from === null ? 0 : 1, leg.to === null ? points.length : -1).map(({ x, y }) => [x, y] as const);
}

/** What stands above one another. What passes it, or stands in it and is smaller, must not turn before it is past it. */
interface Column {
  readonly left: number;
  readonly right: number;
}

function columnsOf(placed: ReadonlyMap<string, Placed>): readonly Column[] {
  const columns = Map.groupBy(placed.values(), ({ x, width }) => Math.round(x + width / 2));
  return [...columns.values()].map((column) => ({
    left: least(column.map(({ x }) => x)),
    right: most(column.map(({ x, width }) => x + width)),
  }));
}

/** Level through columns: an edge turns between them only, where nothing stands. */
function pathOf(
  leg: Leg,
  bends: readonly Point[],
  placed: ReadonlyMap<string, Placed>,
  columns: readonly Column[],
  width: number,
): readonly Point[] {
  const at = (x: number): Column | undefined => columns.find(({ left, right }) => x >= left && x <= right);
  const [from, to] = [leg.from && placed.get(leg.from.id), leg.to && placed.get(leg.to.id)];
  const path: Point[] = [];
  if (from && leg.from) {
    const [x, y] = [from.x + from.width, from.y + leg.from.y];
    path.push([x, y], [at(x)?.right ?? x, y]);
  } else path.push([0, bends[0]?.[1] ?? 0]);
  for (const [x, y] of bends) {
    const column = at(x);
    if (column) path.push([column.left, y], [column.right, y]);
  }
  if (to && leg.to) path.push([at(to.x)?.left ?? to.x, to.y + leg.to.y], [to.x, to.y + leg.to.y]);
  else path.push([width, bends.at(-1)?.[1] ?? 0]);
  return path;
}

function gateOf(key: string, at: 0 | -1 | null, path: readonly Point[] = []): readonly (readonly [string, number])[] {
  const gate = at === null ? undefined : path.at(at);
  return gate ? [[key, gate[1]]] : [];
}

function least(values: readonly number[]): number {
  return values.reduce((one, other) => Math.min(one, other), Number.POSITIVE_INFINITY);
}

function most(values: readonly number[]): number {
  return values.reduce((one, other) => Math.max(one, other), Number.NEGATIVE_INFINITY);
}
