/** The pages of assets. */
import type { Request, Response } from "express";
import { h } from "preact";
import { needs } from "../http/access.ts";
import { assetEventsQuery, assetsQuery } from "../http/input/assets.ts";
import { checked } from "../http/input/check.ts";
import { Refused } from "../http/refused.ts";
import { Routes } from "../http/routes.ts";
import type { WebServices } from "../http/services.ts";
import {
  type DrawnAssets,
  hasAsset,
  readAssetEvents,
  readAssetGraph,
  readAssets,
  readLineage,
} from "../read/read_assets.ts";
import { AssetEvents, AssetList } from "../views/data/assets.tsx";
import { sendPage } from "./send_page.ts";

export function dataRoutes(services: WebServices): Routes {
  const routes = new Routes(services);
  routes.get("/data", needs("asset.read"), (request, response) =>
    assets(services, request, response),
  );
  routes.get("/data/events", needs("asset.read"), (request, response) =>
    events(services, request, response),
  );
  return routes;
}

async function assets(services: WebServices, request: Request, response: Response): Promise<void> {
  const query = checked(assetsQuery, request.query);
  const found = await readAssets(services, query);
  const next =
    found.length < query.limit
      ? null
      : `/data?after=${encodeURIComponent(found.at(-1)?.uri ?? "")}&limit=${query.limit}`;
  await sendPage(services, request, response, {
    title: "Assets",
    body: h(AssetList, { assets: found, next, drawn: await graphOf(services, query.after) }),
  });
}

/** Later pages of the list have no graph. */
async function graphOf(services: WebServices, after: string): Promise<DrawnAssets | null> {
  return after === "" ? readAssetGraph(services) : null;
}

async function events(services: WebServices, request: Request, response: Response): Promise<void> {
  const query = checked(assetEventsQuery, request.query);
  const { uri, limit } = query;
  if (!(await hasAsset(services, uri))) throw new Refused(404, "No deployed DAG names this asset.");
  const found = await readAssetEvents(services, uri, query);
  const older =
    found.length < limit
      ? null
      : `/data/events?uri=${encodeURIComponent(uri)}&before=${found.at(-1)?.id}&limit=${limit}`;
  await sendPage(services, request, response, {
    title: uri,
    body: h(AssetEvents, { uri, events: found, older, lineage: await readLineage(services, uri) }),
  });
}
