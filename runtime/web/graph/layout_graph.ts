/**
 * Lays out a graph with boxes, from the inside out: the content of a box is laid out
 * alone, then the box is one node of the box around it. A layout of everything at once
 * sometimes lets boxes overlap or leaves nodes outside their box; this one cannot.
 */
import { routeOf, type Step, type StepEnd } from "./edge_route.ts";
import {
  type GraphLayout,
  type GraphRequest,
  LAYOUT_FORMAT,
  type Placed,
  type Point,
} from "./graph_layout.ts";
import { type Child, type Inside, placeInside } from "./layout_inside.ts";
import type { LegEnd } from "./leg_path.ts";

/**
 * The margin around the graph; and between a box and its content, with space for its
 * label.
 */
const MARGIN = { side: 8, top: 8, bottom: 8, leastWidth: 0 };
const PADDING = { side: 16, top: 30, bottom: 14 };

export function placeGraph(request: GraphRequest): GraphLayout {
  const { nodes, boxes } = request;
  const parents = new Map([...boxes, ...nodes].map(({ id, box }) => [id, box]));
  const routes = request.edges.map(({ from, to }) => ({
    from,
    to,
    steps: routeOf(from, to, parents),
  }));
  const insides = placeAll(
    request,
    routes.flatMap(({ steps }) => steps),
  );
  const placed = spread(request, insides);
  const { width, height } = insides.get(null) ?? { width: 0, height: 0 };
  const at = ({ id }: { readonly id: string }): readonly Placed[] =>
    [placed.get(id)].filter((one) => one !== undefined);
  return {
    ...{ format: LAYOUT_FORMAT, width: Math.ceil(width), height: Math.ceil(height) },
    nodes: nodes.flatMap(at),
    boxes: boxes.flatMap(at),
    edges: routes.map(({ from, to, steps }) => ({
      from,
      to,
      points: withoutRepeats(steps.flatMap((step) => pointsOf(step, placed, insides))),
    })),
  };
}

/** A box to its content; null to the boxes and nodes outside all boxes. */
type Insides = ReadonlyMap<string | null, Inside>;

/**
 * Lays out the content of each box, the innermost first: the size of a box follows from
 * its content.
 */
function placeAll({ nodes, boxes }: GraphRequest, steps: readonly Step[]): Insides {
  const members = Map.groupBy<string | null, { readonly id: string; readonly box: string | null }>(
    [...nodes, ...boxes],
    ({ box }) => box,
  );
  const passing = Map.groupBy(steps, ({ within }) => within);
  const sizes = new Map<string, Child>(
    nodes.map(({ id, width, height }) => [id, { id, width, height }]),
  );
  const insides = new Map<string | null, Inside>();
  const endOf = (end: StepEnd | null): LegEnd | null =>
    end && {
      id: end.id,
      y: insides.get(end.id)?.gates.get(end.gate) ?? (sizes.get(end.id)?.height ?? 0) / 2,
    };
  for (const { id, ...frame } of [
    ...boxes.toReversed().map((box) => ({ ...box, ...PADDING })),
    { ...MARGIN, id: null },
  ]) {
    const children = (members.get(id) ?? []).flatMap((member) => sizes.get(member.id) ?? []);
    const shared = new Map((passing.get(id) ?? []).map((step) => [step.key, step]));
    const legs = [...shared.values()].map(({ key, from, to }) => ({
      key,
      from: endOf(from),
      to: endOf(to),
    }));
    const inside = placeInside(children, legs, frame);
    insides.set(id, inside);
    if (id !== null) sizes.set(id, { id, width: inside.width, height: inside.height });
  }
  return insides;
}

/** From positions within boxes to positions in the graph. */
function spread(
  { nodes, boxes }: GraphRequest,
  insides: Insides,
): ReadonlyMap<string | null, Placed> {
  const placed = new Map<string | null, Placed>();
  for (const { id, box } of [...boxes, ...nodes]) {
    const { x: left, y: top } = placed.get(box) ?? { x: 0, y: 0 };
    const child = insides.get(box)?.children.get(id);
    if (child) placed.set(id, { ...child, x: round(left + child.x), y: round(top + child.y) });
  }
  return placed;
}

function pointsOf(
  { key, within }: Step,
  placed: ReadonlyMap<string | null, Placed>,
  insides: Insides,
): readonly Point[] {
  const { x: left, y: top } = placed.get(within) ?? { x: 0, y: 0 };
  return (insides.get(within)?.legs.get(key) ?? []).map(
    ([x, y]) => [round(left + x), round(top + y)] as const,
  );
}

/** A step begins where the step before it ended. */
function withoutRepeats(points: readonly Point[]): readonly Point[] {
  return points.filter(
    ([x, y], index) => x !== points[index - 1]?.[0] || y !== points[index - 1]?.[1],
  );
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
