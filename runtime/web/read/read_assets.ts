/** Reads assets and their updates as people may see them. */
import { type AssetOverview, listAssets, listAssetsNear } from "../../store/reads/assets.ts";
import { assetEvents, isKnownAsset, type ListedAssetEvent } from "../../store/sources/asset.ts";
import { type AssetGraph, assetGraph, assetGraphRequest, lineageOf } from "../graph/asset_graph.ts";
import type { GraphLayout } from "../graph/graph_layout.ts";
import type { WebServices } from "../http/services.ts";
import { maskRow } from "./mask.ts";

/** Assets by URI, after one. */
export async function readAssets(
  { reader, mask }: WebServices,
  query: { readonly after: string; readonly limit: number },
): Promise<readonly AssetOverview[]> {
  const found = await listAssets(reader, query);
  return found.map((asset) => maskedAsset({ mask }, asset));
}

const maskedAsset = ({ mask }: Pick<WebServices, "mask">, asset: AssetOverview): AssetOverview =>
  maskRow(mask, asset, ["uri", "producers", "readers", "consumers"]);

/** A graph of more assets cannot be read. */
const MOST_DRAWN = 300;

/** All assets and their DAGs with their layout; a null graph: too many to draw. */
export async function readAssetGraph(services: WebServices): Promise<DrawnAssets | null> {
  const assets = await readAssets(services, { after: "", limit: MOST_DRAWN + 1 });
  return assets.length > MOST_DRAWN ? null : drawn(services, assetGraph(assets));
}

/** What leads to an asset, and what it leads to. */
export async function readLineage(services: WebServices, uri: string): Promise<DrawnAssets> {
  const found = await listAssetsNear(services.reader, uri, MOST_DRAWN / 2);
  const assets = found.map((asset) => maskedAsset(services, asset));
  return drawn(services, lineageOf(assetGraph(assets), uri));
}

export interface DrawnAssets {
  readonly graph: AssetGraph;
  readonly layout: GraphLayout | null;
}

async function drawn({ drawer }: WebServices, graph: AssetGraph): Promise<DrawnAssets> {
  return { graph, layout: await drawer.layoutOf(assetGraphRequest(graph)) };
}

/** Whether any DAG ever named the asset. */
export function hasAsset({ reader }: WebServices, uri: string): Promise<boolean> {
  return isKnownAsset(reader, uri);
}

/** The updates of an asset, newest first. */
export async function readAssetEvents(
  { reader, mask }: WebServices,
  uri: string,
  query: { readonly before: number | null; readonly limit: number },
): Promise<readonly ListedAssetEvent[]> {
  const found = await assetEvents(reader, uri, query);
  return found.map((event) => maskRow(mask, event, ["uri", "at", "source"]));
}
