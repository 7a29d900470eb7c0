/** The page of a task or of one instance of it. */
import type { Request, Response } from "express";
import { h } from "preact";
import { mayAlso, needs, visibleTags } from "../http/access.ts";
import { mayAnswerHere } from "../http/answering.ts";
import { formToken, sessionToken } from "../http/authorize.ts";
import { checked } from "../http/input/check.ts";
import { instanceParams, locateParams, taskParams, taskQuery } from "../http/input/tasks.ts";
import { Routes } from "../http/routes.ts";
import type { WebServices } from "../http/services.ts";
import { markOf } from "../live/topics.ts";
import { shownQuestion } from "../read/question_form.ts";
import { readCallbacks } from "../read/read_callbacks.ts";
import { readPanel } from "../read/read_panel.ts";
import { readQuestion } from "../read/read_questions.ts";
import { findInstanceById, readTask } from "../read/read_task.ts";
import { Panel } from "../views/task/panel.tsx";
import type { TaskQuestion } from "../views/task/question.tsx";
import { TaskPage } from "../views/task/task.tsx";
import { sendPage } from "./send_page.ts";

export function taskRoutes(services: WebServices): Routes {
  const routes = new Routes(services);
  routes.get("/runs/:id/tasks/:taskId", needs("dag.read", "run"), (request, response) =>
    task(services, request, response, { ...checked(taskParams, request.params), mapIndex: -1 }),
  );
  routes.get("/runs/:id/tasks/:taskId/:mapIndex", needs("dag.read", "run"), (request, response) =>
    task(services, request, response, checked(instanceParams, request.params)),
  );
  routes.get("/t/:instanceId", needs("dag.read", "instance"), (request, response) =>
    instance(services, request, response),
  );
  routes.get("/t/:instanceId/panel", needs("dag.read", "instance"), (request, response) =>
    panel(services, request, response),
  );
  return routes;
}

async function task(
  services: WebServices,
  request: Request,
  response: Response,
  which: { readonly id: number; readonly taskId: string; readonly mapIndex: number },
): Promise<void> {
  const query = checked(taskQuery, request.query);
  const topic = `task:${which.id}:${which.taskId}`;
  const mark = await markOf(services.reader, topic);
  const { after, state, try: tryNumber = null } = query;
  const view = await readTask(services, {
    ...{ ...which, after, state, tryNumber },
    withValues: mayAlso(request, "xcom.read"),
    visible: visibleTags(request),
  });
  const olderCallbacks = (before: number): string =>
    `${request.path}?${tryNumber === null ? "" : `try=${tryNumber}&`}callbacks=${before}#callbacks`;
  const callbacks =
    view.instance &&
    (await readCallbacks(
      services,
      { runId: which.id, instanceId: view.instance.id, before: query.callbacks },
      olderCallbacks,
    ));
  await sendPage(services, request, response, {
    title: `${which.taskId} · ${view.run.runId}`,
    live: { topic, mark },
    body: h(TaskPage, {
      ...{ ...view, state, callbacks, token: formToken(services, request) },
      question: await questionFor(services, request, which),
    }),
  });
}

/** The form of an open question, or how it was answered; null for none. */
async function questionFor(
  services: WebServices,
  request: Request,
  which: { readonly id: number; readonly taskId: string; readonly mapIndex: number },
): Promise<TaskQuestion | null> {
  const row = await readQuestion(services, which, mayAlso(request, "xcom.read"));
  if (!row) return null;
  const { state, answeredBy, answeredAt } = row;
  const mayAnswer = services.actions !== undefined && mayAnswerHere(request, row);
  const token = mayAnswer ? sessionToken(request) : undefined;
  const blank = { sent: {}, problems: {}, error: null, back: "task" } as const;
  return { ...{ state, answeredBy, answeredAt }, form: { ...shownQuestion(row), ...blank, token } };
}

/** The panel next to the grid, as a page of its own. */
async function panel(services: WebServices, request: Request, response: Response): Promise<void> {
  const { instanceId } = checked(locateParams, request.params);
  const view = await readPanel(services, instanceId);
  const mayClear = formToken(services, request) !== undefined;
  const title = h("h1", { class: "hidden" }, "Task in short");
  const body = [title, h(Panel, { ...view, mayClear })];
  await sendPage(services, request, response, { title: view.instance.taskId, body });
}

/** The short address of an instance, which the grid uses. */
async function instance(
  services: WebServices,
  request: Request,
  response: Response,
): Promise<void> {
  const { instanceId } = checked(locateParams, request.params);
  const { runId, taskId, mapIndex } = await findInstanceById(services, instanceId);
  response.redirect(302, `/runs/${runId}/tasks/${taskId}${mapIndex >= 0 ? `/${mapIndex}` : ""}`);
}
