/** The part of the API's table that is about pools. */
import type { Request } from "express";
import { listPools } from "../../store/reads/pools.ts";
import * as input from "../http/input.ts";
import { checked } from "../http/respond.ts";
import type { WebServices } from "../http/services.ts";
import { actorOf } from "../routes/forms.ts";
import { actionsOf } from "./authorize.ts";
import type { Endpoint } from "./endpoint.ts";
import { done } from "./schemas/common.ts";
import * as answer from "./schemas/pools.ts";

export const POOL_ENDPOINTS: readonly Endpoint[] = [
  {
    method: "get",
    path: "/pools",
    summary: "List pools and what is taken of them",
    answer: answer.pools,
    run: pools,
  },
  {
    method: "post",
    path: "/pools/{name}",
    summary: "Make a pool, or give it another size",
    params: input.poolParams,
    body: input.poolBody,
    answer: done,
    run: setPool,
  },
  {
    method: "post",
    path: "/pools/{name}/delete",
    summary: "Delete a pool; tasks that name it wait until it is made again",
    params: input.poolParams,
    answer: done,
    run: deletePool,
  },
];

async function pools({ reader, mask }: WebServices): Promise<unknown> {
  return {
    pools: (await listPools(reader)).map((pool) => ({
      ...pool,
      description: mask(pool.description),
    })),
  };
}

async function setPool(services: WebServices, request: Request): Promise<unknown> {
  const { name } = checked(input.poolParams, request.params);
  const { slots, description } = checked(input.poolBody, request.body ?? {});
  const more = description === undefined ? {} : { description };
  await (await actionsOf(services)).setPool(services.db, {
    name,
    slots,
    ...more,
    actor: actorOf(request),
  });
  return { done: true };
}

async function deletePool(services: WebServices, request: Request): Promise<unknown> {
  const { name } = checked(input.poolParams, request.params);
  await (await actionsOf(services)).deletePool(services.db, { name, actor: actorOf(request) });
  return { done: true };
}
