/** The shapes of the graph: boxes of groups, nodes of tasks, and the line of an edge. */
import type { VNode } from "preact";
import { type ShownState, stateText } from "../../../words/shown_state.ts";
import type { Placed, Point } from "../../graph/graph_layout.ts";
import { shownName } from "../../graph/graph_request.ts";
import type { TreeGroup } from "../../groups/group_tree.ts";

/** The box of a group. A mapped group has a second edge behind it. */
export function Frame({
  box,
  state,
  isMapped,
}: {
  readonly box: Placed;
  readonly state: ShownState | null;
  readonly isMapped: boolean;
}): VNode {
  const { x, y, width, height } = box;
  return (
    <g class={`frame ${state ?? "plain"}`}>
      {isMapped && (
        <path
          class="behind"
          d={`M${x + 6} ${y}q0-4 6-4H${x + width - 5}a9 9 0 0 1 9 9V${y + height - 10}q0 6-4 6`}
        />
      )}
      <rect x={x} y={y} width={width} height={height} rx="9" />
    </g>
  );
}

/** Drawn into the mark of a node, around its middle. */
const GLYPHS: Readonly<Partial<Record<ShownState, string>>> = {
  success: "M-3 .3-.9 2.4 3.1-2.3",
  failed: "M-2.3-2.3 2.3 2.3M2.3-2.3-2.3 2.3",
  running: "M-1.6-2.8v5.6l4.2-2.8z",
  queued: "M0-3v3.2l1.9 1.2",
  scheduled: "M0-3v3.2l1.9 1.2",
  up_for_reschedule: "M0-3v3.2l1.9 1.2",
  deferred: "M0-3v3.2l1.9 1.2",
  up_for_retry: "M2.8 0A2.8 2.8 0 1 1 1.9-2.1M2.2-3.6v1.8H.4",
  upstream_failed: "M-3.4 0H3.4",
  skipped: "M-2.6-2.4-.2 0-2.6 2.4M.4-2.4 2.8 0 .4 2.4",
};

interface ShapeProps {
  readonly place: Placed;
  readonly state: ShownState | null;
  readonly href: string;
}

/** The node of a task. A mapped task has a second box behind it. */
export function Node({
  place,
  state,
  href,
  name,
  isMapped,
}: ShapeProps & { readonly name: string; readonly isMapped: boolean }): VNode {
  const { id, x, y, width, height } = place;
  return (
    <a href={href}>
      <g class={`node ${state ?? "plain"}`} transform={`translate(${x} ${y})`}>
        <Title id={id} state={state} />
        {isMapped && <rect class="behind" x="4" y="-4" width={width} height={height} rx="7" />}
        <rect class="box" width={width} height={height} rx="7" />
        <Mark state={state} y={height / 2} />
        <text x={state === null ? 20 : 30} y={height / 2 + 4}>
          {shownName(name)}
        </text>
      </g>
    </a>
  );
}

/** The label of a group's box. */
export function Label({
  place,
  state,
  href,
  group,
}: ShapeProps & { readonly group: TreeGroup }): VNode {
  return (
    <a href={href}>
      <g class={`node label ${state ?? "plain"}`} transform={`translate(${place.x} ${place.y})`}>
        <Title id={place.id} state={state} />
        <rect class="ground" x="1" y="1" width={place.width - 2} height="26" rx="8" />
        <Mark state={state} y={15} />
        <text x={state === null ? 14 : 30} y="19">
          {shownName(group.name)}
        </text>
      </g>
    </a>
  );
}

function Title({ id, state }: { readonly id: string; readonly state: ShownState | null }): VNode {
  return <title>{state === null ? id : `${id}: ${stateText(state)}`}</title>;
}

function Mark({
  state,
  y,
}: {
  readonly state: ShownState | null;
  readonly y: number;
}): VNode | null {
  if (state === null) return null;
  return (
    <>
      <circle class="mark" cx="16" cy={y} r="7" />
      <path class="glyph" transform={`translate(16 ${y})`} d={GLYPHS[state] ?? ""} />
    </>
  );
}

/**
 * The path of an edge through its points, horizontal at each. Points that lead backwards
 * are left out, except the end of an edge that itself leads backwards.
 */
export function curve(points: readonly Point[]): string {
  let [x, y] = points[0] ?? [0, 0];
  let path = `M${x} ${y}`;
  for (const [index, [nextX, nextY]] of points.entries()) {
    if (nextX <= x && (index === 0 || index < points.length - 1)) continue;
    const bow = Math.max((nextX - x) / 2, nextX <= x ? 40 : 0);
    path +=
      nextY === y && nextX > x
        ? `H${nextX}`
        : `C${x + bow} ${y} ${nextX - bow} ${nextY} ${nextX} ${nextY}`;
    [x, y] = [nextX, nextY];
  }
  return path;
}
