/** The forms of the pages: what people do. Each goes through an action, then back to a page. */
import { type Request, type RequestHandler, type Response, Router, urlencoded } from "express";
import { h } from "preact";
import { isDagsmithError } from "../../../sdk/errors.ts";
import type { WebActions } from "../http/actions.ts";
import { Refused } from "../http/gate.ts";
import { dagParams, formBody, runParams } from "../http/input.ts";
import { paramFields, paramsFromForm } from "../http/params_form.ts";
import { checked, formToken, markOf, requireFormToken, sendPage } from "../http/respond.ts";
import type { WebServices } from "../http/services.ts";
import { DagPage } from "../views/dag/dag.tsx";
import { TriggerForm } from "../views/trigger/trigger.tsx";
import { dagOf } from "./pages.ts";

/** Bodies of forms: flat, small, few fields. */
export const readForm: RequestHandler = urlencoded({
  extended: false,
  limit: "1mb",
  parameterLimit: 500,
});

export function formRoutes(services: WebServices): Router {
  const router = Router({ caseSensitive: true, strict: true });
  router.get("/dags/:dagId/trigger", (request, response) =>
    triggerPage(services, request, response, {}, null),
  );
  router.post("/dags/:dagId/trigger", readForm, (request, response) =>
    trigger(services, request, response),
  );
  router.post("/dags/:dagId/pause", readForm, (request, response) =>
    pause(services, request, response, "pauseDag"),
  );
  router.post("/dags/:dagId/unpause", readForm, (request, response) =>
    pause(services, request, response, "unpauseDag"),
  );
  router.post("/runs/:id/cancel", readForm, (request, response) =>
    cancel(services, request, response),
  );
  return router;
}

/** The actions. @throws Refused 403 when this page only shows, or the form is not ours */
export function allowed(services: WebServices, request: Request): WebActions {
  if (!services.actions)
    throw new Refused(403, "This page only shows; nothing can be changed here.");
  requireFormToken(services, request);
  return services.actions;
}

/** Who did it, for the audit. */
export function actorOf(request: Request): string {
  return `web ${request.ip ?? "unknown"}`;
}

async function triggerPage(
  services: WebServices,
  request: Request,
  response: Response,
  sent: Readonly<Record<string, string>>,
  error: string | null,
): Promise<void> {
  const token = formToken(services, request);
  if (token === undefined)
    throw new Refused(403, "This page only shows; nothing can be changed here.");
  const mark = await markOf(services, `dag:${request.params.dagId}`);
  const dag = await dagOf(services, request);
  const form = h(TriggerForm, {
    dagId: dag.dagId,
    fields: paramFields(dag.spec.paramsSchema),
    sent,
    error,
    token,
  });
  const body = h(DagPage, { dag, tab: "trigger", token, children: form });
  await sendPage(services, request, response, {
    title: `Trigger ${dag.dagId}`,
    live: { topic: `dag:${dag.dagId}`, mark },
    body,
  });
}

async function trigger(services: WebServices, request: Request, response: Response): Promise<void> {
  const actions = allowed(services, request);
  const sent = checked(formBody, request.body);
  const { dagId, spec } = await dagOf(services, request);
  const params = paramsFromForm(paramFields(spec.paramsSchema), sent);
  const date = sent.logicalDate?.trim() ?? "";
  try {
    const run = await actions.triggerRun(services.db, {
      dagId,
      params,
      ...(date === "" ? {} : { logicalDate: date }),
      actor: actorOf(request),
    });
    response.redirect(303, `/runs/${run.id}`);
  } catch (error) {
    if (
      !["INVALID_PARAMS", "INVALID_DATE", "RUN_EXISTS"].some(
        (code) => isDagsmithError(error) && error.code === code,
      )
    )
      throw error;
    response.status(422);
    await triggerPage(services, request, response, sent, services.mask((error as Error).message));
  }
}

async function pause(
  services: WebServices,
  request: Request,
  response: Response,
  verb: "pauseDag" | "unpauseDag",
): Promise<void> {
  const actions = allowed(services, request);
  const { dagId } = checked(dagParams, request.params);
  await dagOf(services, request);
  await actions[verb](services.db, { dagId, actor: actorOf(request) });
  response.redirect(303, cameFrom(request) ?? `/dags/${dagId}`);
}

async function cancel(services: WebServices, request: Request, response: Response): Promise<void> {
  const actions = allowed(services, request);
  const { id } = checked(runParams, request.params);
  await markOf(services, `run:${id}`);
  await actions.cancelRun(services.db, { id, actor: actorOf(request) });
  response.redirect(303, `/runs/${id}`);
}

/** The page of ours that the form stood on; never an address elsewhere. */
function cameFrom(request: Request): string | undefined {
  const referer = request.get("Referer");
  if (referer === undefined || !URL.canParse(referer)) return undefined;
  const { host, pathname, search } = new URL(referer);
  return host === request.headers.host && !pathname.startsWith("//")
    ? pathname + search
    : undefined;
}
