/** The form that clears tasks of a run. Its first button lists what would be cleared. */
import type { Request, Response } from "express";
import { h } from "preact";
import type { ClearedRun, ClearSelection } from "../../actions/index.ts";
import { needs } from "../http/access.ts";
import { actionsOfForm, actorOf, needFormToken } from "../http/authorize.ts";
import { checked } from "../http/input/check.ts";
import { formBody } from "../http/input/fields.ts";
import { clearBody, runParams } from "../http/input/runs.ts";
import { Routes } from "../http/routes.ts";
import type { WebServices } from "../http/services.ts";
import { readRun } from "../read/read_run.ts";
import { ClearPage } from "../views/run/clear.tsx";
import { numberOf, readForm, type Sent, shownError } from "./form.ts";
import { sendPage } from "./send_page.ts";

export function clearRoutes(services: WebServices): Routes {
  const routes = new Routes(services);
  routes.get("/runs/:id/clear", needs("dag.operate", "run"), (request, response) =>
    clearForm(services, request, response, checked(formBody, request.query), null, null),
  );
  routes.post("/runs/:id/clear", needs("dag.operate", "run"), readForm, (request, response) =>
    clear(services, request, response),
  );
  return routes;
}

async function clearForm(
  services: WebServices,
  request: Request,
  response: Response,
  sent: Sent,
  error: string | null,
  preview: readonly ClearedRun[] | null,
): Promise<void> {
  const token = needFormToken(services, request);
  const { run, spec } = await readRun(services, checked(runParams, request.params).id);
  const taskIds = spec.tasks.map(({ taskId }) => taskId);
  const body = h(ClearPage, { run, taskIds, sent, error, preview, token });
  await sendPage(services, request, response, { title: `Clear ${run.runId}`, body });
}

async function clear(services: WebServices, request: Request, response: Response): Promise<void> {
  const actions = actionsOfForm(services, request);
  const { id } = checked(runParams, request.params);
  const sent = checked(formBody, request.body);
  try {
    const selection = selectionOf(id, sent);
    if (sent.do === "clear") {
      await actions.clearRuns(services.db, { ...selection, actor: actorOf(request) });
      return response.redirect(303, `/runs/${id}`);
    }
    const preview = await actions.previewClear(services.db, selection);
    await clearForm(services, request, response, sent, null, preview);
  } catch (error) {
    const message = shownError(services, error, ["UNKNOWN_RUN"]);
    response.status(422);
    await clearForm(services, request, response, sent, message, null);
  }
}

function selectionOf(id: number, sent: Sent): ClearSelection {
  const { taskId, mapIndex } = checked(clearBody, {
    taskId: sent.taskId || undefined,
    mapIndex: numberOf(sent.mapIndex ?? ""),
  });
  return {
    of: { run: id },
    ...(taskId !== undefined && { taskId }),
    ...(mapIndex !== undefined && { mapIndex }),
    downstream: sent.downstream === "on",
    upstream: sent.upstream === "on",
    onlyFailed: sent.onlyFailed === "on",
    code: sent.latest === "on" ? "latest" : "original",
  };
}
