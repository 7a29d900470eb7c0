/** The part of the API's table that is about assets and their updates. */
import type { Request } from "express";
import type { Json } from "../../../sdk/json.ts";
import { listAssets } from "../../store/reads/assets.ts";
import { assetEvents } from "../../store/sources/asset.ts";
import * as input from "../http/input.ts";
import { checked } from "../http/respond.ts";
import { maskJson, type WebServices } from "../http/services.ts";
import { actorOf } from "../routes/forms.ts";
import { actionsOf } from "./authorize.ts";
import type { Endpoint } from "./endpoint.ts";
import * as answer from "./schemas/assets.ts";

export const ASSET_ENDPOINTS: readonly Endpoint[] = [
  {
    method: "get",
    path: "/assets",
    summary: "List assets",
    query: input.assetsQuery,
    answer: answer.assets,
    run: assets,
  },
  {
    method: "get",
    path: "/assets/events",
    summary: "List an asset's updates, newest first",
    query: input.assetEventsQuery,
    answer: answer.assetEvents,
    run: assetUpdates,
  },
  {
    method: "post",
    path: "/assets/events",
    summary: "Say that an asset was updated",
    body: input.assetEventBody,
    answer: answer.createdEvent,
    status: 201,
    run: updateAsset,
  },
];

async function assets({ reader, mask }: WebServices, request: Request): Promise<unknown> {
  const query = checked(input.assetsQuery, request.query);
  const found = await listAssets(reader, query);
  const next = found.length < query.limit ? null : (found.at(-1)?.uri ?? null);
  return { assets: found.map((asset) => ({ ...asset, extra: maskJson(mask, asset.extra) })), next };
}

async function assetUpdates({ reader, mask }: WebServices, request: Request): Promise<unknown> {
  const query = checked(input.assetEventsQuery, request.query);
  const found = await assetEvents(reader, query.uri, query);
  const next = found.length < query.limit ? null : (found.at(-1)?.id ?? null);
  return { events: found.map((event) => ({ ...event, extra: maskJson(mask, event.extra) })), next };
}

async function updateAsset(services: WebServices, request: Request): Promise<unknown> {
  const { uri, extra = {} } = checked(input.assetEventBody, request.body ?? {});
  const actions = await actionsOf(services);
  return actions.updateAsset(services.db, { uri, extra: extra as Json, actor: actorOf(request) });
}
