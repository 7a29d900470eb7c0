/** The pages of a DAG: grid, graph, runs, decisions and audit; and its pause switch. */
import type { Request, Response } from "express";
import { type ComponentChildren, h } from "preact";
import { foldsOf } from "../groups/folded_groups.ts";
import { needs } from "../http/access.ts";
import { actionsOfForm, actorOf } from "../http/authorize.ts";
import { calendarQuery } from "../http/input/calendar.ts";
import { checked } from "../http/input/check.ts";
import { codeQuery, decisionsQuery, foldedQuery, gridQuery } from "../http/input/dags.ts";
import { namedRunParams, runsQuery } from "../http/input/runs.ts";
import { Routes } from "../http/routes.ts";
import type { WebServices } from "../http/services.ts";
import { readCalendar } from "../read/read_calendar.ts";
import { readCode, readVersions } from "../read/read_code.ts";
import type { DagDetail } from "../read/read_dags.ts";
import { readDecisionPage } from "../read/read_decisions.ts";
import { readGrid } from "../read/read_grid.ts";
import { readRunNumber, readRuns } from "../read/read_runs.ts";
import { Calendar } from "../views/calendar/calendar.tsx";
import { CodeTab } from "../views/dag/code.tsx";
import { DecisionList } from "../views/dag/decisions.tsx";
import { Docs } from "../views/dag/docs.tsx";
import { GridTable } from "../views/dag/grid.tsx";
import { RunList } from "../views/dag/runs.tsx";
import { Graph } from "../views/graph/graph.tsx";
import { GraphList } from "../views/graph/graph_list.tsx";
import { FilteredAudit } from "../views/lists/audit_filters.tsx";
import { filteredAudit } from "./audit.ts";
import { type DagTabContent, dagOf, sendDag } from "./dag_page.ts";
import { readForm } from "./form.ts";

type Tab = (services: WebServices, request: Request, dag: DagDetail) => Promise<DagTabContent>;

const TABS: Readonly<Record<string, Tab>> = {
  "": grid,
  "/graph": graph,
  "/runs": runs,
  "/calendar": calendar,
  "/decisions": decisions,
  "/audit": audit,
  "/code": code,
  "/docs": docs,
};

export function dagRoutes(services: WebServices): Routes {
  const routes = new Routes(services);
  for (const [path, read] of Object.entries(TABS))
    routes.get(`/dags/:dagId${path}`, needs("dag.read", "dagId"), (request, response) =>
      sendDag(services, request, response, (dag) => read(services, request, dag)),
    );
  routes.get("/dags/:dagId/runs/:runId", needs("dag.read", "dagId"), (request, response) =>
    namedRun(services, request, response),
  );
  routes.post("/dags/:dagId/pause", needs("dag.operate", "dagId"), readForm, (request, response) =>
    pause(services, request, response, "pauseDag"),
  );
  routes.post(
    "/dags/:dagId/unpause",
    needs("dag.operate", "dagId"),
    readForm,
    (request, response) => pause(services, request, response, "unpauseDag"),
  );
  return routes;
}

/** A part of the page that follows its topic. */
const live = (id: string, child: ComponentChildren): ComponentChildren =>
  h("div", { id, "data-live": true }, child);

async function grid(
  services: WebServices,
  request: Request,
  dag: DagDetail,
): Promise<DagTabContent> {
  const { runs: count, before, folded } = checked(gridQuery, request.query);
  const query = { before, runs: count, folded };
  const { grid: table, older } = await readGrid(services, dag, query);
  const path = `/dags/${dag.dagId}`;
  const folds = foldsOf(path, folded, { before, runs: count });
  const address =
    older === null ? null : foldsOf(path, folded, { before: older, runs: count }).hrefOf(folded);
  const children = h(GridTable, { grid: table, spec: dag.spec, folds, older: address });
  // Filled by a script, so it is no part of what follows the topic.
  const panel = h("aside", { id: "grid-panel", hidden: true, "aria-label": "Selected task" });
  return { tab: "grid", children: h("div", { class: "beside" }, live("grid", children), panel) };
}

async function graph(
  services: WebServices,
  request: Request,
  { dagId, versionId, spec }: DagDetail,
): Promise<DagTabContent> {
  const { folded } = checked(foldedQuery, request.query);
  const folds = foldsOf(`/dags/${dagId}/graph`, folded);
  const layout = await services.drawer.layout(versionId, spec);
  const drawn = h(Graph, { layout, spec, stateOf: null, hrefOf: (taskId) => `#task-${taskId}` });
  const list = h(GraphList, { spec, folds });
  const section = { id: "tasks", "data-live": true, "aria-label": "Tasks" };
  return { tab: "graph", children: [drawn, h("section", section, list)] };
}

async function runs(
  services: WebServices,
  request: Request,
  { dagId }: DagDetail,
): Promise<DagTabContent> {
  const query = checked(runsQuery, request.query);
  const found = await readRuns(services, { dagId, ...query });
  const older =
    found.length < query.limit
      ? null
      : `/dags/${dagId}/runs?before=${found.at(-1)?.id}&limit=${query.limit}`;
  return { tab: "runs", children: live("runs", h(RunList, { runs: found, older })) };
}

/** The address of a run by its DAG and its id, which the audit knows. */
async function namedRun(
  services: WebServices,
  request: Request,
  response: Response,
): Promise<void> {
  const { dagId, runId } = checked(namedRunParams, request.params);
  const id = await readRunNumber(services, dagId, runId);
  response.redirect(302, `/runs/${id}`);
}

async function calendar(
  services: WebServices,
  request: Request,
  { dagId }: DagDetail,
): Promise<DagTabContent> {
  const { day } = checked(calendarQuery, request.query);
  const view = await readCalendar(services, { day, dagId, visible: null });
  const path = `/dags/${dagId}/calendar`;
  const children = h(Calendar, { ...view, path, hasDag: false });
  return { tab: "calendar", title: `Calendar of ${dagId}`, children: live("calendar", children) };
}

async function decisions(
  services: WebServices,
  request: Request,
  { dagId }: DagDetail,
): Promise<DagTabContent> {
  const query = checked(decisionsQuery, request.query);
  const page = await readDecisionPage(services, { dagId, ...query });
  const { decisions: found, next } = page ?? { decisions: [], next: null };
  const older =
    next === null
      ? null
      : `/dags/${dagId}/decisions?after=${encodeURIComponent(next)}&limit=${query.limit}`;
  const children = h(DecisionList, { decisions: found, older });
  return { tab: "decisions", children: live("decisions", children) };
}

async function audit(
  services: WebServices,
  request: Request,
  { dagId }: DagDetail,
): Promise<DagTabContent> {
  const list = await filteredAudit(services, request, { path: `/dags/${dagId}/audit`, dagId });
  const children = live("audit", h(FilteredAudit, list));
  return { tab: "audit", title: `Audit of ${dagId}`, children };
}

async function code(
  services: WebServices,
  request: Request,
  { dagId, version: current }: DagDetail,
): Promise<DagTabContent> {
  const { version, file: path, against } = checked(codeQuery, request.query);
  const { files, ...shown } = await readCode(services, dagId, version ?? current);
  const file = files.find((one) => one.path === path) ?? files[0];
  const older = against === null ? null : await readCode(services, dagId, against);
  const text = older?.files.find((one) => one.path === file?.path)?.text ?? "";
  const children = h(CodeTab, {
    ...{ dagId, file, files, version: shown.version },
    versions: await readVersions(services, dagId),
    against: older && { version: older.version, text },
  });
  return { tab: "code", title: `Code of ${dagId}`, children };
}

async function docs(
  _services: WebServices,
  _request: Request,
  { dagId, spec }: DagDetail,
): Promise<DagTabContent> {
  return { tab: "docs", title: `Docs of ${dagId}`, children: h(Docs, { spec }) };
}

async function pause(
  services: WebServices,
  request: Request,
  response: Response,
  verb: "pauseDag" | "unpauseDag",
): Promise<void> {
  const actions = actionsOfForm(services, request);
  const { dagId } = await dagOf(services, request);
  await actions[verb](services.db, { dagId, actor: actorOf(request) });
  response.redirect(303, cameFrom(services, request) ?? `/dags/${dagId}`);
}

/** The page of ours from which the form was sent; never an address of another site. */
function cameFrom({ basePath }: WebServices, request: Request): string | undefined {
  const from = URL.parse(request.get("Referer") ?? "");
  if (from?.host !== request.host || !from?.pathname.startsWith(`${basePath}/`)) return undefined;
  const path = from.pathname.slice(basePath.length);
  return path.startsWith("//") ? undefined : path + from.search;
}
