/**
 * Assets and DAGs as one graph: a DAG leads to the assets that its tasks update, and an
 * asset to the DAGs that wait for it or read it.
 */
import type { AssetOverview } from "../../store/reads/assets.ts";
import type { GraphRequest } from "./graph_layout.ts";
import { AROUND_NAME_PX, CHARACTER_PX, shownName } from "./graph_request.ts";

export type AssetGraphNode =
  | { readonly type: "dag"; readonly id: string; readonly name: string }
  | {
      readonly type: "asset";
      readonly id: string;
      readonly name: string;
      readonly uri: string;
      readonly lastEventAt: Date | null;
    };

interface AssetGraphEdge {
  readonly from: string;
  readonly to: string;
  /** `reads`: the DAG reads the asset, and does not wait for it. */
  readonly kind: "updates" | "starts" | "reads";
}

export interface AssetGraph {
  readonly nodes: readonly AssetGraphNode[];
  readonly edges: readonly AssetGraphEdge[];
}

const dagNode = (dagId: string): string => `dag ${dagId}`;
const assetNode = (uri: string): string => `asset ${uri}`;

export function assetGraph(assets: readonly AssetOverview[]): AssetGraph {
  const edges = new Map(assets.flatMap(edgesOf).map((edge) => [`${edge.from} > ${edge.to}`, edge]));
  const dagIds = new Set(
    assets.flatMap(({ producers, readers, consumers }) =>
      [...producers, ...readers, ...consumers].map(({ dagId }) => dagId),
    ),
  );
  const dags = [...dagIds].map((name) => ({ type: "dag", id: dagNode(name), name }) as const);
  return { nodes: [...assets.map(nodeOf), ...dags], edges: [...edges.values()] };
}

function nodeOf({ uri, name, lastEventAt }: AssetOverview): AssetGraphNode {
  return { type: "asset", id: assetNode(uri), name: name ?? uri, uri, lastEventAt };
}

/** A DAG that waits for an asset and reads it has one edge: the later one. */
function edgesOf({ uri, producers, readers, consumers }: AssetOverview): AssetGraphEdge[] {
  const asset = assetNode(uri);
  return [
    ...producers.map(({ dagId }) => ({
      from: dagNode(dagId),
      to: asset,
      kind: "updates" as const,
    })),
    ...readers.map(({ dagId }) => ({ from: asset, to: dagNode(dagId), kind: "reads" as const })),
    ...consumers.map(({ dagId }) => ({ from: asset, to: dagNode(dagId), kind: "starts" as const })),
  ];
}

/** The part of a graph that leads to an asset, and the part that it leads to. */
export function lineageOf({ nodes, edges }: AssetGraph, uri: string): AssetGraph {
  const start = assetNode(uri);
  const back = edges.map(({ from, to }) => ({ from: to, to: from }));
  const kept = new Set([...reached(start, edges), ...reached(start, back)]);
  return {
    nodes: nodes.filter(({ id }) => kept.has(id)),
    edges: edges.filter(({ from, to }) => kept.has(from) && kept.has(to)),
  };
}

function reached(
  start: string,
  edges: readonly { readonly from: string; readonly to: string }[],
): ReadonlySet<string> {
  const next = Map.groupBy(edges, ({ from }) => from);
  const found = new Set([start]);
  // A set that grows while it is walked: each node is visited once, also in a circle.
  for (const id of found) for (const { to } of next.get(id) ?? []) found.add(to);
  return found;
}

const DAG_HEIGHT_PX = 30;
/** Two lines: the name, and the last update. */
const ASSET_HEIGHT_PX = 44;
const LEAST_ASSET_PX = 150;

export function assetGraphRequest({ nodes, edges }: AssetGraph): GraphRequest {
  return {
    nodes: nodes.map(({ type, id, name }) => {
      const width = Math.round(shownName(name).length * CHARACTER_PX) + AROUND_NAME_PX;
      return type === "dag"
        ? { id, box: null, width, height: DAG_HEIGHT_PX }
        : { id, box: null, width: Math.max(width, LEAST_ASSET_PX), height: ASSET_HEIGHT_PX };
    }),
    boxes: [],
    edges: edges.map(({ from, to }) => ({ from, to })),
  };
}
