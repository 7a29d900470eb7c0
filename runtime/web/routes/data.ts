/** The pages of assets and of pools. */
import { type Request, type Response, Router } from "express";
import { h } from "preact";
import { Refused } from "../http/gate.ts";
import { assetEventsQuery, assetsQuery } from "../http/input/assets.ts";
import { checked } from "../http/input/check.ts";
import type { WebServices } from "../http/services.ts";
import { hasAsset, readAssetEvents, readAssets } from "../read/read_assets.ts";
import { readPools } from "../read/read_pools.ts";
import { AssetEvents, AssetList } from "../views/data/assets.tsx";
import { PoolsPage } from "../views/data/pools.tsx";
import { sendPage } from "./send_page.ts";

export function dataRoutes(services: WebServices): Router {
  const router = Router({ caseSensitive: true, strict: true });
  router.get("/data", (request, response) => assets(services, request, response));
  router.get("/data/events", (request, response) => events(services, request, response));
  router.get("/pools", (request, response) => pools(services, request, response));
  return router;
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
    body: h(AssetList, { assets: found, next }),
  });
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
    body: h(AssetEvents, { uri, events: found, older }),
  });
}

async function pools(services: WebServices, request: Request, response: Response): Promise<void> {
  await sendPage(services, request, response, {
    title: "Pools",
    body: h(PoolsPage, { pools: await readPools(services) }),
  });
}
