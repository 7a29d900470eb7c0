/** The pages. Each route checks its address, reads, and hands plain data to a view. */
import { type Request, type Response, Router } from "express";
import { h } from "preact";
import { DagsmithError } from "../../../sdk/errors.ts";
import type { Json } from "../../../sdk/json.ts";
import { countDags, type DagDetail, getDag, listDags } from "../../store/reads/dags.ts";
import { listImportErrors } from "../../store/reads/import_errors.ts";
import { locateInstance } from "../../store/reads/instances.ts";
import { listPools } from "../../store/reads/pools.ts";
import { listRuns } from "../../store/reads/runs.ts";
import { foldsOf } from "../groups/folded_groups.ts";
import {
  dagParams,
  dagsQuery,
  decisionsQuery,
  foldedQuery,
  gridQuery,
  instanceParams,
  rowId,
  runParams,
  runQuery,
  runsQuery,
  taskParams,
  taskQuery,
} from "../http/input.ts";
import { checked, formToken, markOf, sendPage } from "../http/respond.ts";
import { maskJson, type WebServices } from "../http/services.ts";
import { readCallbacks } from "../read/read_callbacks.ts";
import { readDecisionPage } from "../read/read_decisions.ts";
import { readGrid } from "../read/read_grid.ts";
import { readRun } from "../read/read_run.ts";
import { readTask } from "../read/read_task.ts";
import { DagPage, type DagTab } from "../views/dag/dag.tsx";
import { DecisionList } from "../views/dag/decisions.tsx";
import { GridTable } from "../views/dag/grid.tsx";
import { RunList } from "../views/dag/runs.tsx";
import { PoolsPage } from "../views/data/pools.tsx";
import { Graph, GraphList } from "../views/graph/graph.tsx";
import { Home } from "../views/home/home.tsx";
import { RunPage } from "../views/run/run.tsx";
import { TaskPage } from "../views/task/task.tsx";

export function pageRoutes(services: WebServices): Router {
  const router = Router({ caseSensitive: true, strict: true });
  router.get("/", (request, response) => home(services, request, response));
  router.get("/pools", (request, response) => pools(services, request, response));
  router.get("/dags/:dagId", (request, response) => grid(services, request, response));
  router.get("/dags/:dagId/graph", (request, response) => graph(services, request, response));
  router.get("/dags/:dagId/runs", (request, response) => runs(services, request, response));
  router.get("/dags/:dagId/decisions", (request, response) =>
    decisions(services, request, response),
  );
  router.get("/runs/:id", (request, response) => run(services, request, response));
  router.get("/runs/:id/tasks/:taskId", (request, response) => task(services, request, response));
  router.get("/runs/:id/tasks/:taskId/:mapIndex", (request, response) =>
    task(services, request, response),
  );
  router.get("/t/:instanceId", (request, response) => instance(services, request, response));
  return router;
}

async function home(services: WebServices, request: Request, response: Response): Promise<void> {
  const { q: search, ...rest } = checked(dagsQuery, request.query);
  const query = { ...rest, search };
  const mark = await markOf(services, "home");
  const [dags, counts, importErrors] = await Promise.all([
    listDags(services.reader, query),
    countDags(services.reader),
    listImportErrors(services.reader),
  ]);
  const masked = importErrors.map((error) => ({
    ...error,
    message: services.mask(error.message),
    stack: services.mask(error.stack),
  }));
  await sendPage(services, request, response, {
    title: "DAGs",
    live: { topic: "home", mark },
    body: h(Home, {
      dags,
      counts,
      importErrors: masked,
      query,
      token: formToken(services, request),
    }),
  });
}

async function pools(services: WebServices, request: Request, response: Response): Promise<void> {
  const found = await listPools(services.reader);
  const masked = found.map((pool) => ({ ...pool, description: services.mask(pool.description) }));
  await sendPage(services, request, response, {
    title: "Pools",
    body: h(PoolsPage, { pools: masked }),
  });
}

/** A DAG. @throws DagsmithError UNKNOWN_DAG */
export async function dagOf(services: WebServices, request: Request): Promise<DagDetail> {
  const { dagId } = checked(dagParams, request.params);
  const dag = await getDag(services.reader, dagId);
  if (!dag)
    throw new DagsmithError("UNKNOWN_DAG", { dag: dagId, hint: "It was never deployed here." });
  return dag;
}

async function sendDag(
  services: WebServices,
  request: Request,
  response: Response,
  dag: DagDetail,
  tab: DagTab,
  mark: string,
  children: DagPageChildren,
): Promise<void> {
  const body = h(DagPage, { dag, tab, token: formToken(services, request), children });
  await sendPage(services, request, response, {
    title: dag.dagId,
    live: { topic: `dag:${dag.dagId}`, mark },
    body,
  });
}
type DagPageChildren = Parameters<typeof DagPage>[0]["children"];

async function grid(services: WebServices, request: Request, response: Response): Promise<void> {
  const query = checked(gridQuery, request.query);
  const mark = await markOf(services, `dag:${request.params.dagId}`);
  const dag = await dagOf(services, request);
  const { grid: table, older } = await readGrid(services.reader, dag, query);
  const { runs, before, folded } = query;
  const path = `/dags/${dag.dagId}`;
  const folds = foldsOf(path, folded, { before, runs });
  const address =
    older === null ? null : foldsOf(path, folded, { before: older, runs }).hrefOf(folded);
  await sendDag(
    services,
    request,
    response,
    dag,
    "grid",
    mark,
    h(
      "div",
      { id: "grid", "data-live": true },
      h(GridTable, { grid: table, spec: dag.spec, folds, older: address }),
    ),
  );
}

async function graph(services: WebServices, request: Request, response: Response): Promise<void> {
  const { folded } = checked(foldedQuery, request.query);
  const mark = await markOf(services, `dag:${request.params.dagId}`);
  const dag = await dagOf(services, request);
  const { spec } = dag;
  const folds = foldsOf(`/dags/${dag.dagId}/graph`, folded);
  const layout = await services.drawer.layout(dag.versionId, spec);
  const drawn = h(Graph, { layout, spec, stateOf: null, hrefOf: (taskId) => `#task-${taskId}` });
  await sendDag(services, request, response, dag, "graph", mark, [
    drawn,
    h(
      "section",
      { id: "tasks", "data-live": true, "aria-label": "Tasks" },
      h(GraphList, { spec, folds }),
    ),
  ]);
}

async function runs(services: WebServices, request: Request, response: Response): Promise<void> {
  const query = checked(runsQuery, request.query);
  const mark = await markOf(services, `dag:${request.params.dagId}`);
  const dag = await dagOf(services, request);
  const { dagId } = dag;
  const rows = await listRuns(services.reader, { dagId, ...query });
  const older =
    rows.length < query.limit
      ? null
      : `/dags/${dagId}/runs?before=${rows.at(-1)?.id}&limit=${query.limit}`;
  await sendDag(
    services,
    request,
    response,
    dag,
    "runs",
    mark,
    h("div", { id: "runs", "data-live": true }, h(RunList, { runs: rows, older })),
  );
}

async function decisions(
  services: WebServices,
  request: Request,
  response: Response,
): Promise<void> {
  const query = checked(decisionsQuery, request.query);
  const mark = await markOf(services, `dag:${request.params.dagId}`);
  const dag = await dagOf(services, request);
  const { dagId } = dag;
  const { decisions: found, next } = (await readDecisionPage(services, { dagId, ...query })) ?? {
    decisions: [],
    next: null,
  };
  const older =
    next === null
      ? null
      : `/dags/${dagId}/decisions?after=${encodeURIComponent(next)}&limit=${query.limit}`;
  await sendDag(
    services,
    request,
    response,
    dag,
    "decisions",
    mark,
    h("div", { id: "decisions", "data-live": true }, h(DecisionList, { decisions: found, older })),
  );
}

async function run(services: WebServices, request: Request, response: Response): Promise<void> {
  const { id } = checked(runParams, request.params);
  const { folded, callbacks: before } = checked(runQuery, request.query);
  const mark = await markOf(services, `run:${id}`);
  const found = await readRun(services.reader, id);
  const layout = await services.drawer.layout(found.run.versionId, found.spec);
  const path = `/runs/${id}`;
  const olderCallbacks = (last: number): string =>
    `${foldsOf(path, folded, { callbacks: last }).hrefOf(folded)}#callbacks`;
  const callbacks = await readCallbacks(
    services,
    { runId: id, instanceId: null, before },
    olderCallbacks,
  );
  const params = paramsText(maskJson(services.mask, found.run.params));
  const { note, labels } = found.run;
  const run = {
    ...found.run,
    note: note === null ? null : services.mask(note),
    labels: maskJson(services.mask, labels) as typeof labels,
  };
  const tasks = found.tasks.map((one) => ({
    ...one,
    why: one.why === null ? null : services.mask(one.why),
  }));
  await sendPage(services, request, response, {
    title: `${found.run.dagId} ${found.run.runId}`,
    live: { topic: `run:${id}`, mark },
    body: h(RunPage, {
      ...found,
      run,
      tasks,
      layout,
      folds: foldsOf(path, folded, { callbacks: before }),
      callbacks,
      params,
      token: formToken(services, request),
      now: new Date(),
    }),
  });
}

/** On one line while it is short. */
function paramsText(params: Json): string {
  const text = JSON.stringify(params);
  return text.length <= 60 ? text : JSON.stringify(params, null, 2);
}

async function task(services: WebServices, request: Request, response: Response): Promise<void> {
  const isInstance = request.params.mapIndex !== undefined;
  const { id, taskId, mapIndex } = isInstance
    ? checked(instanceParams, request.params)
    : { ...checked(taskParams, request.params), mapIndex: -1 };
  const query = checked(taskQuery, request.query);
  const mark = await markOf(services, `task:${id}:${taskId}`);
  const { after, state, try: tryNumber = null } = query;
  const props = await readTask(services, { id, taskId, mapIndex, after, state, tryNumber });
  const { instance } = props;
  const older = (before: number): string =>
    `${request.path}?${tryNumber === null ? "" : `try=${tryNumber}&`}callbacks=${before}#callbacks`;
  const callbacks =
    instance &&
    (await readCallbacks(
      services,
      { runId: id, instanceId: instance.id, before: query.callbacks },
      older,
    ));
  await sendPage(services, request, response, {
    title: `${taskId} · ${props.run.runId}`,
    live: { topic: `task:${id}:${taskId}`, mark },
    body: h(TaskPage, { ...props, callbacks, token: formToken(services, request) }),
  });
}

/** The short address of an instance, which the grid uses. */
async function instance(
  services: WebServices,
  request: Request,
  response: Response,
): Promise<void> {
  const id = checked(rowId, request.params.instanceId);
  const found = await locateInstance(services.reader, id);
  if (!found) throw new DagsmithError("UNKNOWN_INSTANCE", { instance: id });
  const { runId, taskId, mapIndex } = found;
  response.redirect(302, `/runs/${runId}/tasks/${taskId}${mapIndex >= 0 ? `/${mapIndex}` : ""}`);
}
