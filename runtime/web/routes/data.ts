/** The page of assets: the data that DAGs write and wait for. */
import { type Request, type Response, Router } from "express";
import { h } from "preact";
import { listAssets } from "../../store/reads/assets.ts";
import { assetEvents, isKnownAsset } from "../../store/sources/asset.ts";
import { Refused } from "../http/gate.ts";
import { assetEventsQuery, assetsQuery } from "../http/input.ts";
import { checked, sendPage } from "../http/respond.ts";
import { maskJson, type WebServices } from "../http/services.ts";
import { AssetEvents, AssetList } from "../views/data/assets.tsx";

export function dataRoutes(services: WebServices): Router {
  const router = Router({ caseSensitive: true, strict: true });
  router.get("/data", (request, response) => list(services, request, response));
  router.get("/data/events", (request, response) => events(services, request, response));
  return router;
}

async function list(services: WebServices, request: Request, response: Response): Promise<void> {
  const query = checked(assetsQuery, request.query);
  const assets = await listAssets(services.reader, query);
  const next =
    assets.length < query.limit
      ? null
      : `/data?after=${encodeURIComponent(assets.at(-1)?.uri ?? "")}&limit=${query.limit}`;
  await sendPage(services, request, response, {
    title: "Assets",
    body: h(AssetList, { assets, next }),
  });
}

async function events(services: WebServices, request: Request, response: Response): Promise<void> {
  const query = checked(assetEventsQuery, request.query);
  const { uri } = query;
  if (!(await isKnownAsset(services.reader, uri)))
    throw new Refused(404, "No deployed DAG names this asset.");
  const found = await assetEvents(services.reader, uri, query);
  const shown = found.map((event) => ({ ...event, extra: maskJson(services.mask, event.extra) }));
  const older =
    found.length < query.limit
      ? null
      : `/data/events?uri=${encodeURIComponent(uri)}&before=${found.at(-1)?.id}&limit=${query.limit}`;
  await sendPage(services, request, response, {
    title: uri,
    body: h(AssetEvents, { uri, events: shown, older }),
  });
}
