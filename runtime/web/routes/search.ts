/** The search over all that has a name. */
import type { Request, Response } from "express";
import { h } from "preact";
import { mayAlso, needs, visibleTags } from "../http/access.ts";
import { operableDags } from "../http/authorize.ts";
import { checked } from "../http/input/check.ts";
import { searchQuery } from "../http/input/run_filters.ts";
import { Routes } from "../http/routes.ts";
import type { WebServices } from "../http/services.ts";
import { NOTHING, readSearch } from "../read/read_search.ts";
import { PLACES } from "../views/frame/places.ts";
import { SearchPage } from "../views/search/search.tsx";
import { sendPage } from "./send_page.ts";

export function searchRoutes(services: WebServices): Routes {
  const routes = new Routes(services);
  routes.get("/search", needs("dag.read", "listed"), (request, response) =>
    search(services, request, response),
  );
  return routes;
}

async function search(services: WebServices, request: Request, response: Response): Promise<void> {
  const { q } = checked(searchQuery, request.query);
  const word = q?.trim() ?? "";
  const scope = { visible: visibleTags(request), assets: mayAlso(request, "asset.read") };
  const found = word === "" ? NOTHING : await readSearch(services, word, scope);
  const dagIds = found.dags.map(({ dagId }) => dagId);
  const operates = await operableDags(services, request, dagIds);
  const places = PLACES.filter(({ permission }) => mayAlso(request, permission, null));
  const body = h(SearchPage, { ...found, word, operates, places });
  await sendPage(services, request, response, { title: "Search", body });
}
