/** The graph as SVG, drawn from the stored layout of the version. */
import type { VNode } from "preact";
import type { DagSpec } from "../../../../sdk/spec/index.ts";
import { mappedTaskIds } from "../../../engine/plan/plan_of.ts";
import type { ShownState } from "../../../words/shown_state.ts";
import type { GraphLayout, Placed } from "../../graph/graph_layout.ts";
import { itemState } from "../../groups/group_state.ts";
import { groupAnchor, groupTree, type TreeItem, treeRows } from "../../groups/group_tree.ts";
import { GraphFrame } from "./graph_frame.tsx";
import { curve, Frame, Label, Node } from "./shapes.tsx";

export interface GraphProps {
  readonly layout: GraphLayout | null;
  readonly spec: DagSpec;
  /** Null for a DAG without a run in view. */
  readonly stateOf: ((taskId: string) => ShownState) | null;
  /** The address of a node's page. */
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
    <GraphFrame
      label="Graph"
      title={`Graph of ${spec.tasks.length} tasks; the list below has the same tasks`}
      width={width}
      height={height}
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
    </GraphFrame>
  );
}

/** Values for the parts of a drawing, by the id of a task or a group. */
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

/**
 * In the order of the tasks, a group before its members: the order of keyboard
 * navigation.
 */
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
