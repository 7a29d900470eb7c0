/** The graph as SVG, drawn from the kept layout; beside it a list says the same in words. */
import type { VNode } from "preact";
import type { DagSpec, TaskSpec } from "../../../../sdk/spec/index.ts";
import { mappedTaskIds } from "../../../engine/plan/plan_of.ts";
import { type ShownState, stateText } from "../../../words/shown_state.ts";
import type { GraphLayout, Placed, Point } from "../../graph/graph_layout.ts";
import { shownName } from "../../graph/graph_request.ts";
import type { Folds } from "../../groups/folded_groups.ts";
import { itemState } from "../../groups/group_state.ts";
import {
  groupAnchor,
  groupTree,
  type TreeGroup,
  type TreeItem,
  type TreeRow,
  treeRows,
} from "../../groups/group_tree.ts";
import { FoldAll, RowName } from "../parts/row_name.tsx";
import { tasksText } from "../parts/text.ts";

export interface GraphProps {
  readonly layout: GraphLayout | null;
  readonly spec: DagSpec;
  /** Null for a DAG without a run in view. */
  readonly stateOf: ((taskId: string) => ShownState) | null;
  /** Where a node leads. */
  readonly hrefOf: (taskId: string) => string;
}

export function Graph({ layout, spec, stateOf, hrefOf }: GraphProps): VNode {
  if (layout === null)
    return (
      <p class="nothing">
        {spec.tasks.length > 1_000
          ? "Too many tasks to draw; they are listed below."
          : "The graph is being drawn. Reload in a moment; the tasks are listed below."}
      </p>
    );
  const { width, height } = layout;
  const drawing = drawingOf(layout, spec, stateOf, hrefOf);
  return (
    <section class="scroll graph" aria-label="Graph">
      <svg
        class={width <= FITTED ? "fit" : undefined}
        width={width}
        height={height}
        viewBox={`0 0 ${width} ${height}`}
        aria-label={`Graph of ${spec.tasks.length} tasks; the list below says the same`}
      >
        {layout.boxes.map((box) => (
          <Frame box={box} state={drawing.stateOf(box.id)} isMapped={drawing.isMapped(box.id)} />
        ))}
        {layout.edges.map((edge) => (
          <path
            class={`edge ${drawing.stateOf(edge.from) === "success" ? "done" : ""}`}
            d={curve(edge.points)}
          />
        ))}
        <Items items={groupTree(spec.tasks, spec.groups)} drawing={drawing} />
      </svg>
    </section>
  );
}

/** What the parts of a drawing ask, by the id of a task or a group. */
interface Drawing {
  readonly placed: (id: string) => Placed | undefined;
  readonly stateOf: (id: string) => ShownState | null;
  readonly isMapped: (id: string) => boolean;
  readonly hrefOf: (item: TreeItem) => string;
}

function drawingOf(
  layout: GraphLayout,
  spec: DagSpec,
  stateOf: GraphProps["stateOf"],
  hrefOf: GraphProps["hrefOf"],
): Drawing {
  const placed = new Map([...layout.boxes, ...layout.nodes].map((one) => [one.id, one]));
  const many = mappedTaskIds(spec);
  const states = new Map<string, ShownState>();
  if (stateOf)
    for (const { item } of treeRows(groupTree(spec.tasks, spec.groups), new Set()))
      states.set(item.id, itemState(item, stateOf));
  return {
    placed: (id) => placed.get(id),
    stateOf: (id) => states.get(id) ?? null,
    isMapped: (id) => many.has(id),
    hrefOf: (item) =>
      item.type === "task" || item.isTask ? hrefOf(item.id) : `#${groupAnchor(item.id)}`,
  };
}

/** In the order of the tasks, a group before what is in it: the order in which the keyboard visits them. */
function Items({
  items,
  drawing,
}: {
  readonly items: readonly TreeItem[];
  readonly drawing: Drawing;
}): VNode {
  return (
    <>
      {items.map((item) => {
        const place = drawing.placed(item.id);
        if (!place) return null;
        const props = { place, state: drawing.stateOf(item.id), href: drawing.hrefOf(item) };
        if (item.type === "task")
          return <Node {...props} name={item.name} isMapped={drawing.isMapped(item.id)} />;
        return (
          <>
            <Label {...props} group={item} />
            <Items items={item.children} drawing={drawing} />
          </>
        );
      })}
    </>
  );
}

function Frame({
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

/** A graph up to this width is shrunk to the page and can still be read; a wider one is scrolled. */
const FITTED = 1_800;

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

interface PlaceProps {
  readonly place: Placed;
  readonly state: ShownState | null;
  readonly href: string;
}

function Node({
  place,
  state,
  href,
  name,
  isMapped,
}: PlaceProps & { readonly name: string; readonly isMapped: boolean }): VNode {
  const { id, x, y, width, height } = place;
  return (
    <a href={href}>
      <g class={`node ${state ?? "plain"}`} transform={`translate(${x} ${y})`}>
        <Told id={id} state={state} />
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
function Label({ place, state, href, group }: PlaceProps & { readonly group: TreeGroup }): VNode {
  return (
    <a href={href}>
      <g class={`node label ${state ?? "plain"}`} transform={`translate(${place.x} ${place.y})`}>
        <Told id={place.id} state={state} />
        <rect class="ground" x="1" y="1" width={place.width - 2} height="26" rx="8" />
        <Mark state={state} y={15} />
        <text x={state === null ? 14 : 30} y="19">
          {shownName(group.name)}
        </text>
      </g>
    </a>
  );
}

function Told({ id, state }: { readonly id: string; readonly state: ShownState | null }): VNode {
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

/** From point to point, level at each. What leads back is left out, but for the end of an edge that itself leads back. */
function curve(points: readonly Point[]): string {
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

/** The graph in words: each task with those before it, in its group. */
export function GraphList({
  spec,
  folds,
}: {
  readonly spec: DagSpec;
  readonly folds: Folds;
}): VNode {
  const tasks = new Map(spec.tasks.map((task) => [task.taskId, task]));
  const many = mappedTaskIds(spec);
  return (
    <table class="list tasks">
      <thead>
        <tr>
          <th>
            Task
            <FoldAll spec={spec} folds={folds} />
          </th>
          <th>Operator</th>
          <th>After</th>
          <th>Trigger rule</th>
          <th>Retries</th>
        </tr>
      </thead>
      <tbody>
        {treeRows(groupTree(spec.tasks, spec.groups), folds.folded).map((row) => (
          <ListRow
            row={row}
            task={tasks.get(row.item.id)}
            isMapped={many.has(row.item.id)}
            folds={folds}
          />
        ))}
      </tbody>
    </table>
  );
}

interface ListRowProps {
  readonly row: TreeRow;
  /** Undefined: a plain group. */
  readonly task: TaskSpec | undefined;
  readonly isMapped: boolean;
  readonly folds: Folds;
}

function ListRow({ row, task, isMapped, folds }: ListRowProps): VNode {
  const { item } = row;
  const doc = task?.doc ?? (item.type === "group" ? item.doc : null);
  return (
    <tr id={item.type === "task" ? `task-${item.id}` : groupAnchor(item.id)}>
      <RowName row={row} folds={folds}>
        {isMapped && <span class="faint"> [ ] mapped</span>}
        {doc !== null && <p>{doc}</p>}
      </RowName>
      {task ? (
        <TaskCells task={task} />
      ) : (
        <td colSpan={4} class="faint">
          {item.type === "group" && tasksText(item.taskIds.length)}
        </td>
      )}
    </tr>
  );
}

function TaskCells({ task }: { readonly task: TaskSpec }): VNode {
  return (
    <>
      <td>
        <code>{task.operator}</code>
      </td>
      <td>
        {task.upstream.length === 0 ? <span class="faint">nothing</span> : task.upstream.join(", ")}
      </td>
      <td>{task.triggerRule}</td>
      <td>{task.retries}</td>
    </>
  );
}
