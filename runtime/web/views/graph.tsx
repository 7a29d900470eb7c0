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
        width={width}
        height={height}
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label={`Graph of ${spec.tasks.length} tasks; the list below says the same`}
      >
        {layout.edges.map((edge) => (
          <path class={`edge ${stateOf?.(edge.from) === "success" ? "done" : ""}`} d={curve(edge.points)} />
        ))}
        {layout.nodes.map((node) => (
          <Node node={node} state={stateOf?.(node.id) ?? null} href={hrefOf?.(node.id) ?? null} isMapped={isMapped(spec, node.id)} />
        ))}
      </svg>
    </section>
  );
}

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
      <circle class="mark" cx="16" cy={height / 2} r="5" />
      <text x="29" y={height / 2 + 4}>
        {shownName(id)}
      </text>
    </g>
  );
  return href === null ? content : <a href={href}>{content}</a>;
}

function isMapped(spec: DagSpec, taskId: string): boolean {
  return spec.tasks.find((task) => task.taskId === taskId)?.each != null;
}

/** A smooth line through the points: straight ends, a curve at each bend. */
function curve(points: readonly (readonly [number, number])[]): string {
  const [first, ...rest] = points;
  if (!first) return "";
  const bends = rest.slice(0, -1).map(([x, y], index) => {
    const [nextX, nextY] = rest[index + 1] ?? [x, y];
    return `Q${x} ${y} ${(x + nextX) / 2} ${(y + nextY) / 2}`;
  });
  const last = rest.at(-1) ?? first;
  return `M${first.join(" ")}${bends.join("")}L${last.join(" ")}`;
}

/** The graph in words: each task with those before it. */
export function GraphList({ spec }: { readonly spec: DagSpec }): VNode {
  return (
    <table class="list">
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
