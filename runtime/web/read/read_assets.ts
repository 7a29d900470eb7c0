/** Reads assets and their updates as people may see them. */
import { type AssetOverview, listAssets } from "../../store/reads/assets.ts";
import { assetEvents, isKnownAsset, type ListedAssetEvent } from "../../store/sources/asset.ts";
import type { WebServices } from "../http/services.ts";
import { maskRow } from "./mask.ts";

/** Assets by URI, after one. */
export async function readAssets(
  { reader, mask }: WebServices,
  query: { readonly after: string; readonly limit: number },
): Promise<readonly AssetOverview[]> {
  const found = await listAssets(reader, query);
  return found.map((asset) => maskRow(mask, asset, ["uri", "producers", "readers", "consumers"]));
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
