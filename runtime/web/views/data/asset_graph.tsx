/** The graph of assets and DAGs as SVG. The table below it has the same. */
import type { VNode } from "preact";
import type { AssetGraph, AssetGraphNode } from "../../graph/asset_graph.ts";
import type { GraphLayout, Placed } from "../../graph/graph_layout.ts";
import { shownName } from "../../graph/graph_request.ts";
import { GraphFrame } from "../graph/graph_frame.tsx";
import { curve } from "../graph/shapes.tsx";
import { utcText } from "../parts/text.ts";

export interface AssetGraphProps {
  readonly graph: AssetGraph;
  /** Null: it is still being drawn, or too large. */
  readonly layout: GraphLayout | null;
  /** The asset that the page is about. */
  readonly uri?: string;
}

export function AssetGraphDrawing({ graph, layout, uri }: AssetGraphProps): VNode | null {
  if (graph.edges.length === 0) return null;
  if (layout === null)
    return <p class="nothing">The graph is too large to draw, or is being drawn.</p>;
  const { width, height } = layout;
  const places = new Map(layout.nodes.map((place) => [place.id, place]));
  const kinds = new Map(graph.edges.map(({ from, to, kind }) => [`${from} > ${to}`, kind]));
  return (
    <GraphFrame
      label="Lineage"
      title="Graph of assets and DAGs; the table below has the same"
      width={width}
      height={height}
      class="assets"
    >
      {layout.edges.map(({ from, to, points }) => (
        <path class={`edge ${kinds.get(`${from} > ${to}`) ?? ""}`} d={curve(points)} />
      ))}
      {graph.nodes.map((node) => {
        const place = places.get(node.id);
        return (
          place && <Node node={node} place={place} isHere={"uri" in node && node.uri === uri} />
        );
      })}
    </GraphFrame>
  );
}

interface NodeProps {
  readonly node: AssetGraphNode;
  readonly place: Placed;
  readonly isHere: boolean;
}

function Node({ node, place: { x, y, width, height }, isHere }: NodeProps): VNode {
  return (
    <a href={hrefOf(node)} aria-current={isHere ? "true" : undefined}>
      <g class={`node plain ${node.type}`} transform={`translate(${x} ${y})`}>
        <title>{node.type === "dag" ? `DAG ${node.name}` : `Asset ${node.uri}`}</title>
        <rect class="box" width={width} height={height} rx={node.type === "dag" ? 7 : height / 2} />
        <text x="20" y={19}>
          {shownName(node.name)}
        </text>
        {node.type === "asset" && (
          <text class="updated" x="20" y="35">
            {node.lastEventAt === null ? "never updated" : utcText(node.lastEventAt)}
          </text>
        )}
      </g>
    </a>
  );
}

function hrefOf(node: AssetGraphNode): string {
  return node.type === "dag"
    ? `/dags/${node.name}`
    : `/data/events?uri=${encodeURIComponent(node.uri)}`;
}
