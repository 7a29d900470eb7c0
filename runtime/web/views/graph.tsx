/** The graph as SVG, drawn from the kept layout; beside it a list says the same in words. */
import type { VNode } from "preact";
import type { DagSpec } from "../../../sdk/spec.ts";
import { shownName } from "../graph_drawer.ts";
import type { GraphLayout } from "../graph_layout.ts";
import { type ShownState, stateText } from "./state.tsx";

export interface GraphProps {
  readonly layout: GraphLayout | null;
  readonly spec: DagSpec;
  /** Null for a DAG without a run in view. */
  readonly stateOf: ((taskId: string) => ShownState) | null;
  /** Where a node leads; null: nowhere. */
  readonly hrefOf: ((taskId: string) => string) | null;
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
  return (
    <section class="scroll graph" aria-label="Graph">
      <svg
        class={width <= FITTED ? "fit" : undefined}
        width={width}
        height={height}
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label={`Graph of ${spec.tasks.length} tasks; the list below says the same`}
      >
        {layout.edges.map((edge) => (
          <path class={`edge ${stateOf?.(edge.from) === "success" ? "done" : ""}`} d={curve(layout, edge)} />
        ))}
        {layout.nodes.map((node) => (
          <Node node={node} state={stateOf?.(node.id) ?? null} href={hrefOf?.(node.id) ?? null} isMapped={isMapped(spec, node.id)} />
        ))}
      </svg>
    </section>
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

type PlacedNode = GraphLayout["nodes"][number];

function Node({
  node,
  state,
  href,
  isMapped: mapped,
}: {
  readonly node: PlacedNode;
  readonly state: ShownState | null;
  readonly href: string | null;
  readonly isMapped: boolean;
}): VNode {
  const { id, x, y, width, height } = node;
  const content = (
    <g class={`node ${state ?? "plain"}`} transform={`translate(${x} ${y})`}>
      <title>{state === null ? id : `${id}: ${stateText(state)}`}</title>
      {mapped && <rect class="behind" x="4" y="-4" width={width} height={height} rx="7" />}
      <rect class="box" width={width} height={height} rx="7" />
      {state !== null && <circle class="mark" cx="16" cy={height / 2} r="7" />}
      {state !== null && <path class="glyph" transform={`translate(16 ${height / 2})`} d={GLYPHS[state] ?? ""} />}
      <text x={state === null ? 20 : 30} y={height / 2 + 4}>
        {shownName(id)}
      </text>
    </g>
  );
  return href === null ? content : <a href={href}>{content}</a>;
}

function isMapped(spec: DagSpec, taskId: string): boolean {
  return spec.tasks.find((task) => task.taskId === taskId)?.each != null;
}

/** From the right of one node to the left of the next, level at both ends; between them by the bends that the layout gave a long edge. */
function curve(layout: GraphLayout, edge: GraphLayout["edges"][number]): string {
  const from = layout.nodes.find((node) => node.id === edge.from);
  const to = layout.nodes.find((node) => node.id === edge.to);
  if (!from || !to) return "";
  let [x, y] = [from.x + from.width, from.y + from.height / 2];
  const steps = [...edge.points.slice(1, -1), [to.x, to.y + to.height / 2] as const].filter(([nextX]) => nextX > x);
  let path = `M${x} ${y}`;
  for (const [nextX, nextY] of steps) {
    const middle = (x + nextX) / 2;
    path += `C${middle} ${y} ${middle} ${nextY} ${nextX} ${nextY}`;
    [x, y] = [nextX, nextY];
  }
  return path;
}

/** The graph in words: each task with those before it. */
export function GraphList({ spec }: { readonly spec: DagSpec }): VNode {
  return (
    <table class="list tasks">
      <thead>
        <tr>
          <th>Task</th>
          <th>Operator</th>
          <th>After</th>
          <th>Trigger rule</th>
          <th>Retries</th>
        </tr>
      </thead>
      <tbody>
        {spec.tasks.map((task) => (
          <tr id={`task-${task.taskId}`}>
            <th scope="row">
              {task.taskId}
              {task.each !== null && <span class="faint"> [ ] mapped</span>}
              {task.doc !== null && <p>{task.doc}</p>}
            </th>
            <td>
              <code>{task.operator}</code>
            </td>
            <td>{task.upstream.length === 0 ? <span class="faint">nothing</span> : task.upstream.join(", ")}</td>
            <td>{task.triggerRule}</td>
            <td>{task.retries}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
