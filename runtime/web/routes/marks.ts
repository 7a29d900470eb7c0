/** Marks a run, or a task of it; before that, a sheet shows what a mark changes. */
import type { Request, Response } from "express";
import { h } from "preact";
import { MARKS, type Mark } from "../../state/task_state.ts";
import { needs } from "../http/access.ts";
import { actionsOfForm, actorOf, needActions, needFormToken } from "../http/authorize.ts";
import { checked } from "../http/input/check.ts";
import { clearBody, runParams } from "../http/input/runs.ts";
import { markQuery, taskParams } from "../http/input/tasks.ts";
import { Routes } from "../http/routes.ts";
import type { WebServices } from "../http/services.ts";
import { readRunRow } from "../read/read_runs.ts";
import { MarkSheet } from "../views/task/mark_sheet.tsx";
import { numberOf, readForm } from "./form.ts";
import { sendPage } from "./send_page.ts";

export function markRoutes(services: WebServices): Routes {
  const routes = new Routes(services);
  routes.get("/runs/:id/tasks/:taskId/mark", needs("dag.operate", "run"), (request, response) =>
    markSheet(services, request, response),
  );
  for (const state of MARKS) {
    routes.post(
      `/runs/:id/tasks/:taskId/mark/${state}`,
      needs("dag.operate", "run"),
      readForm,
      (request, response) => markTask(services, request, response, state),
    );
    // A run cannot be skipped.
    if (state !== "skipped")
      routes.post(
        `/runs/:id/mark/${state}`,
        needs("dag.operate", "run"),
        readForm,
        (request, response) => markRun(services, request, response, state),
      );
  }
  return routes;
}

/** What the mark would change, and the one button that makes it. */
async function markSheet(
  services: WebServices,
  request: Request,
  response: Response,
): Promise<void> {
  const token = needFormToken(services, request);
  const { id, taskId } = checked(taskParams, request.params);
  const { to, mapIndex } = checked(markQuery, request.query);
  const item = mapIndex === null ? {} : { mapIndex };
  const preview = await needActions(services).previewMark(services.db, { id, taskId, to, ...item });
  const run = await readRunRow(services, id);
  const body = h(MarkSheet, { ...preview, run, taskId, to, mapIndex, token });
  await sendPage(services, request, response, { title: `Mark ${taskId}`, body });
}

async function markTask(
  services: WebServices,
  request: Request,
  response: Response,
  to: Mark,
): Promise<void> {
  const { id, taskId } = checked(taskParams, request.params);
  const { mapIndex } = checked(clearBody, {
    mapIndex: numberOf(String(request.query.mapIndex ?? "")),
  });
  const instance = mapIndex === undefined ? {} : { mapIndex };
  const actions = actionsOfForm(services, request);
  await actions.markTask(services.db, { id, taskId, ...instance, to, actor: actorOf(request) });
  const address = `/runs/${id}/tasks/${taskId}`;
  response.redirect(303, mapIndex === undefined ? address : `${address}/${mapIndex}`);
}

async function markRun(
  services: WebServices,
  request: Request,
  response: Response,
  to: Exclude<Mark, "skipped">,
): Promise<void> {
  const { id } = checked(runParams, request.params);
  const actions = actionsOfForm(services, request);
  await actions.markRun(services.db, { id, to, actor: actorOf(request) });
  response.redirect(303, `/runs/${id}`);
}
