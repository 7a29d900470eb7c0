/** The page of pools, and the forms that create, change and delete one. */
import type { Request, Response } from "express";
import { h } from "preact";
import { mayAlso, needs } from "../http/access.ts";
import { sessionToken } from "../http/authorize.ts";
import { checked } from "../http/input/check.ts";
import { onlyFormVersion, versionOf } from "../http/input/fields.ts";
import { poolForm, poolParams } from "../http/input/pools.ts";
import { Routes } from "../http/routes.ts";
import type { WebServices } from "../http/services.ts";
import { readPools } from "../read/read_pools.ts";
import { PoolsPage } from "../views/data/pools.tsx";
import { changesFrom } from "./changes_from.ts";
import { readForm } from "./form.ts";
import { sendPage } from "./send_page.ts";
import { setupPlaces } from "./setup_places.ts";

export function poolRoutes(services: WebServices): Routes {
  const routes = new Routes(services);
  const change = changesFrom(services, "/pools", pools);
  const edit = needs("pool.edit");
  routes.get("/pools", needs("system.read"), (request, response) =>
    pools(services, request, response, undefined),
  );
  routes.post("/pools", edit, readForm, (request, response) =>
    change(request, response, async (actions, actor) => {
      const { version, description, ...pool } = checked(poolForm, request.body);
      const more = { ...versionOf({ version }), actor };
      await actions.setPool(services.db, { ...pool, description, ...more });
    }),
  );
  routes.post("/pools/:name/delete", edit, readForm, (request, response) =>
    change(request, response, async (actions, actor) => {
      const of = { ...versionOf(checked(onlyFormVersion, request.body)), actor };
      await actions.deletePool(services.db, { ...checked(poolParams, request.params), ...of });
    }),
  );
  return routes;
}

async function pools(
  services: WebServices,
  request: Request,
  response: Response,
  error: string | undefined,
): Promise<void> {
  if (error !== undefined) response.status(422);
  const mayEdit = services.actions !== undefined && mayAlso(request, "pool.edit");
  const token = mayEdit ? sessionToken(request) : undefined;
  await sendPage(services, request, response, {
    title: "Pools",
    body: h(PoolsPage, {
      pools: await readPools(services),
      token,
      error,
      places: setupPlaces(services, request),
    }),
  });
}
