/** The list of DAGs. */
import type { Request, Response } from "express";
import { h } from "preact";
import { needs, visibleTags } from "../http/access.ts";
import { operableDags, sessionToken } from "../http/authorize.ts";
import { checked } from "../http/input/check.ts";
import { dagsQuery } from "../http/input/dags.ts";
import { Routes } from "../http/routes.ts";
import type { WebServices } from "../http/services.ts";
import { markOf } from "../live/topics.ts";
import { readAttention } from "../read/read_attention.ts";
import { type DagQuery, readDagCounts, readDags, readImportErrors } from "../read/read_dags.ts";
import { Home } from "../views/home/home.tsx";
import { sendPage } from "./send_page.ts";

export function homeRoutes(services: WebServices): Routes {
  const routes = new Routes(services);
  routes.get("/", needs("dag.read", "listed"), (request, response) =>
    home(services, request, response),
  );
  return routes;
}

async function home(services: WebServices, request: Request, response: Response): Promise<void> {
  const { q: search, ...rest } = checked(dagsQuery, request.query);
  const visible = visibleTags(request);
  const query = { ...rest, search, visible };
  const mark = await markOf(services.reader, "home");
  const [dags, counts, importErrors, attention] = await Promise.all([
    readDags(services, query),
    readDagCounts(services, visible),
    readImportErrors(services, visible),
    isFiltered(query) ? NO_ATTENTION : readAttention(services, visible),
  ]);
  const token = services.actions && sessionToken(request);
  const dagIds = dags.map(({ dagId }) => dagId);
  const operates = await operableDags(services, request, dagIds);
  await sendPage(services, request, response, {
    title: "DAGs",
    live: { topic: "home", mark },
    body: h(Home, { dags, counts, importErrors, ...attention, query, token, operates }),
  });
}

/** A filtered list, or a later page of it, is about the list alone. */
const isFiltered = ({ filter, tag, search, after }: Omit<DagQuery, "limit">): boolean =>
  filter !== "all" || tag !== null || search !== null || after !== "";

const NO_ATTENTION = { failed: [], late: [] };
