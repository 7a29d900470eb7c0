/**
 * The line of an edge through one box: horizontal through columns of nodes, so that it
 * bends only between columns, where there is no node.
 */
import { least, most } from "./extremes.ts";
import type { Placed, Point } from "./graph_layout.ts";

/** Where an edge ends inside a box. */
export interface LegEnd {
  readonly id: string;
  /** On its side, from its top. */
  readonly y: number;
}

/** The part of an edge in the box. */
export interface Leg {
  readonly key: string;
  /** Null: the border. */
  readonly from: LegEnd | null;
  readonly to: LegEnd | null;
}

/** Nodes in one column. */
export interface Column {
  readonly left: number;
  readonly right: number;
}

export function columnsOf(placed: readonly Placed[]): readonly Column[] {
  const columns = Map.groupBy(placed, ({ x, width }) => Math.round(x + width / 2));
  return [...columns.values()].map((column) => ({
    left: least(column.map(({ x }) => x)),
    right: most(column.map(({ x, width }) => x + width)),
  }));
}

type Places = ReadonlyMap<string, Placed>;

/**
 * The points of a leg, both ends included.
 * @param bends where it may bend, the gate among them when it ends at the border
 * @param width of the box
 */
export function pathOf(
  { from, to }: Leg,
  bends: readonly Point[],
  placed: Places,
  columns: readonly Column[],
  width: number,
): readonly Point[] {
  const at = (x: number): Column | undefined =>
    columns.find(({ left, right }) => x >= left && x <= right);
  const through = ([x, y]: Point): readonly Point[] => {
    const column = at(x);
    return column
      ? [
          [column.left, y],
          [column.right, y],
        ]
      : [];
  };
  const [start, end] = [sideOf(from, placed, "right"), sideOf(to, placed, "left")];
  return [
    ...(start
      ? [start, [at(start[0])?.right ?? start[0], start[1]] as const]
      : [[0, bends[0]?.[1] ?? 0] as const]),
    ...bends.flatMap(through),
    ...(end
      ? [[at(end[0])?.left ?? end[0], end[1]] as const, end]
      : [[width, bends.at(-1)?.[1] ?? 0] as const]),
  ];
}

/** Where a leg meets a child; undefined: it meets the border. */
function sideOf(end: LegEnd | null, placed: Places, side: "left" | "right"): Point | undefined {
  const one = end === null ? undefined : placed.get(end.id);
  return end && one ? [side === "left" ? one.x : one.x + one.width, one.y + end.y] : undefined;
}

/**
 * The height at which a leg meets the border, by its key; empty for a leg that does not.
 */
export function gateOf(
  { key, from, to }: Leg,
  path: readonly Point[] = [],
): readonly (readonly [string, number])[] {
  const gate = from === null ? path[0] : to === null ? path.at(-1) : undefined;
  return gate ? [[key, gate[1]]] : [];
}
