/** Pages that look at many runs: a task over the last runs, and two runs side by side. */
import type { Request, Response } from "express";
import { h } from "preact";
import { needs } from "../http/access.ts";
import { checked } from "../http/input/check.ts";
import { dagTaskParams } from "../http/input/dags.ts";
import { compareQuery, runParams } from "../http/input/runs.ts";
import { Refused } from "../http/refused.ts";
import { Routes } from "../http/routes.ts";
import type { WebServices } from "../http/services.ts";
import { readCompared, readTaskHistory } from "../read/read_history.ts";
import { readNeighbours } from "../read/read_run.ts";
import { type RunDetail, readRunRow } from "../read/read_runs.ts";
import { TaskHistory } from "../views/dag/task_history.tsx";
import { ComparePage } from "../views/run/compare.tsx";
import { sendDag } from "./dag_page.ts";
import { sendPage } from "./send_page.ts";

export function compareRoutes(services: WebServices): Routes {
  const routes = new Routes(services);
  routes.get("/dags/:dagId/tasks/:taskId", needs("dag.read", "dagId"), (request, response) =>
    history(services, request, response),
  );
  routes.get("/runs/:id/compare", needs("dag.read", "run"), (request, response) =>
    compare(services, request, response),
  );
  return routes;
}

async function history(services: WebServices, request: Request, response: Response): Promise<void> {
  const { dagId, taskId } = checked(dagTaskParams, request.params);
  await sendDag(services, request, response, async () => {
    const runs = await readTaskHistory(services, dagId, taskId);
    const children = h(
      "div",
      { id: "history", "data-live": true },
      h(TaskHistory, { taskId, runs }),
    );
    return { tab: "tasks", title: `${taskId} of ${dagId}`, children };
  });
}

async function compare(services: WebServices, request: Request, response: Response): Promise<void> {
  const { id } = checked(runParams, request.params);
  const one = await readRunRow(services, id);
  const other = await otherRun(services, request, one);
  const tasks = await readCompared(services, one.id, other.id);
  const body = h(ComparePage, { one, other, tasks });
  await sendPage(services, request, response, { title: "Two runs compared", body });
}

/**
 * By default the run before. A run of another DAG is refused like one that does not exist:
 * the reader may not be allowed to see it.
 */
async function otherRun(
  services: WebServices,
  request: Request,
  one: RunDetail,
): Promise<RunDetail> {
  const { with: named } = checked(compareQuery, request.query);
  const id = named ?? (await readNeighbours(services, one)).previous;
  if (id === null) throw new Refused(404, "There is no earlier run of this DAG to compare with.");
  const other = await readRunRow(services, id);
  if (other.dagId !== one.dagId) throw new Refused(404, "This DAG has no run with that number.");
  return other;
}
