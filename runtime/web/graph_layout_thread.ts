/** The thread that places a graph: one graph in, one layout out, then it ends. */
import { parentPort, workerData } from "node:worker_threads";
import dagre from "@dagrejs/dagre";
import type { GraphLayout, GraphRequest } from "./graph_layout.ts";

function layOut({ nodes, edges }: GraphRequest): GraphLayout {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: "LR", nodesep: 14, ranksep: 44, edgesep: 8, marginx: 8, marginy: 8 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id, width, height } of nodes) graph.setNode(id, { width, height });
  for (const { from, to } of edges) graph.setEdge(from, to);
  dagre.layout(graph);
  const { width = 0, height = 0 } = graph.graph() as { readonly width?: number; readonly height?: number };
  return {
    width: Math.ceil(width),
    height: Math.ceil(height),
    nodes: nodes.map((node) => {
      const { x = 0, y = 0 } = graph.node(node.id) as { readonly x?: number; readonly y?: number };
      return { ...node, x: round(x - node.width / 2), y: round(y - node.height / 2) };
    }),
    edges: edges.map(({ from, to }) => {
      const { points = [] } = graph.edge(from, to) as { readonly points?: readonly { readonly x: number; readonly y: number }[] };
      return { from, to, points: points.map((point) => [round(point.x), round(point.y)] as const) };
    }),
  };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

parentPort?.postMessage(layOut(workerData as GraphRequest));
