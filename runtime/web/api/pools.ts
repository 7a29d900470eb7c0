/** The API's endpoints about pools. */

import type { Request } from "express";
import { needs } from "../http/access.ts";
import { actionsOfApi, actorOf } from "../http/authorize.ts";
import { checked } from "../http/input/check.ts";
import { defined, onlyVersion, versionOf } from "../http/input/fields.ts";
import * as input from "../http/input/pools.ts";
import type { WebServices } from "../http/services.ts";
import { readPools } from "../read/read_pools.ts";
import type { Endpoint } from "./endpoint.ts";
import { done } from "./schemas/common.ts";
import * as answer from "./schemas/pools.ts";

export const POOL_ENDPOINTS: readonly Endpoint[] = [
  {
    method: "get",
    path: "/pools",
    access: needs("system.read"),
    summary: "List pools and their taken slots",
    answer: answer.pools,
    run: pools,
  },
  {
    method: "post",
    path: "/pools/{name}",
    access: needs("pool.edit"),
    summary: "Create a pool, or change its size",
    params: input.poolParams,
    body: input.poolBody,
    answer: done,
    run: setPool,
  },
  {
    method: "post",
    path: "/pools/{name}/delete",
    access: needs("pool.edit"),
    summary: "Delete a pool; tasks that name it wait until it exists again",
    params: input.poolParams,
    body: onlyVersion,
    answer: done,
    run: deletePool,
  },
];

async function pools(services: WebServices): Promise<unknown> {
  return { pools: await readPools(services) };
}

async function setPool(services: WebServices, request: Request): Promise<unknown> {
  const { name } = checked(input.poolParams, request.params);
  const { slots, description, version } = checked(input.poolBody, request.body ?? {});
  const actions = await actionsOfApi(services, request);
  const pool = { name, slots, ...defined({ description, version }) };
  await actions.setPool(services.db, { ...pool, actor: actorOf(request) });
  return { done: true };
}

async function deletePool(services: WebServices, request: Request): Promise<unknown> {
  const { name } = checked(input.poolParams, request.params);
  const actions = await actionsOfApi(services, request);
  const version = versionOf(checked(onlyVersion, request.body ?? {}));
  await actions.deletePool(services.db, { name, ...version, actor: actorOf(request) });
  return { done: true };
}
