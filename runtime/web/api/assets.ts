/** The API's endpoints about assets and their updates. */

import type { Request } from "express";
import type { Json } from "../../../sdk/json.ts";
import { needs } from "../http/access.ts";
import { actionsOfApi, actorOf } from "../http/authorize.ts";
import * as input from "../http/input/assets.ts";
import { checked } from "../http/input/check.ts";
import type { WebServices } from "../http/services.ts";
import { readAssetEvents, readAssets } from "../read/read_assets.ts";
import type { Endpoint } from "./endpoint.ts";
import * as answer from "./schemas/assets.ts";

export const ASSET_ENDPOINTS: readonly Endpoint[] = [
  {
    method: "get",
    path: "/assets",
    access: needs("asset.read"),
    summary: "List assets",
    query: input.assetsQuery,
    answer: answer.assets,
    run: assets,
  },
  {
    method: "get",
    path: "/assets/events",
    access: needs("asset.read"),
    summary: "List an asset's updates, newest first",
    query: input.assetEventsQuery,
    answer: answer.assetEvents,
    run: assetUpdates,
  },
  {
    method: "post",
    path: "/assets/events",
    access: needs("asset.update"),
    summary: "Record an update of an asset",
    body: input.assetEventBody,
    answer: answer.createdEvent,
    status: 201,
    run: updateAsset,
  },
];

async function assets(services: WebServices, request: Request): Promise<unknown> {
  const query = checked(input.assetsQuery, request.query);
  const found = await readAssets(services, query);
  return { assets: found, next: found.length < query.limit ? null : (found.at(-1)?.uri ?? null) };
}

async function assetUpdates(services: WebServices, request: Request): Promise<unknown> {
  const query = checked(input.assetEventsQuery, request.query);
  const found = await readAssetEvents(services, query.uri, query);
  return { events: found, next: found.length < query.limit ? null : (found.at(-1)?.id ?? null) };
}

async function updateAsset(services: WebServices, request: Request): Promise<unknown> {
  const { uri, extra = {} } = checked(input.assetEventBody, request.body ?? {});
  const actions = await actionsOfApi(services, request);
  return actions.updateAsset(services.db, { uri, extra: extra as Json, actor: actorOf(request) });
}
