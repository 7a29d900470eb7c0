/** The list of runs over all DAGs. */
import type { Request, Response } from "express";
import { h } from "preact";
import { needs, visibleTags } from "../http/access.ts";
import { operableDags } from "../http/authorize.ts";
import { checked } from "../http/input/check.ts";
import { runFilters } from "../http/input/run_filters.ts";
import { Routes } from "../http/routes.ts";
import type { WebServices } from "../http/services.ts";
import { markOf } from "../live/topics.ts";
import { findRuns } from "../read/read_runs.ts";
import { RUN_FILTERS, type RunFilterTexts } from "../views/runs/run_filters.tsx";
import { RunsPage } from "../views/runs/runs_page.tsx";
import { shownError } from "./form.ts";
import { sendPage } from "./send_page.ts";

export function runsRoutes(services: WebServices): Routes {
  const routes = new Routes(services);
  routes.get("/runs", needs("dag.read", "listed"), (request, response) =>
    list(services, request, response),
  );
  return routes;
}

const DAY_MS = 86_400_000;

async function list(services: WebServices, request: Request, response: Response): Promise<void> {
  const mark = await markOf(services.reader, "home");
  const { query, problem } = queryOf(services, request);
  if (problem !== null) response.status(400);
  const found = query ? await findRuns(services, query) : { runs: [], before: null };
  const dagIds = found.runs.map(({ dagId }) => dagId);
  await sendPage(services, request, response, {
    title: "Runs",
    live: { topic: "home", mark },
    body: h(RunsPage, {
      ...{ ...found, problem },
      filters: textsOf(request),
      operates: await operableDags(services, request, dagIds),
    }),
  });
}

type Query = Parameters<typeof findRuns>[1];

/**
 * Refused filters leave the form as it was typed, with the reason above an empty list.
 */
function queryOf(
  services: WebServices,
  request: Request,
): { readonly query: Query | null; readonly problem: string | null } {
  try {
    const { dag, to, ...query } = checked(runFilters, request.query);
    const last = to && new Date(to.getTime() + DAY_MS);
    return {
      query: { ...query, dagId: dag ?? undefined, to: last, visible: visibleTags(request) },
      problem: null,
    };
  } catch (error) {
    return { query: null, problem: shownError(services, error, []) };
  }
}

function textsOf({ query }: Request): RunFilterTexts {
  const texts = RUN_FILTERS.map((name) => [
    name,
    typeof query[name] === "string" ? query[name] : "",
  ]);
  return Object.fromEntries(texts) as RunFilterTexts;
}
