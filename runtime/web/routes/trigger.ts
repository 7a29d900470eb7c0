/** The form that triggers a run. */
import { type Request, type Response, Router } from "express";
import { h } from "preact";
import { isDagsmithError } from "../../../sdk/errors.ts";
import { actionsOfForm, actorOf, needFormToken } from "../http/authorize.ts";
import { checked } from "../http/input/check.ts";
import { formBody } from "../http/input/fields.ts";
import { paramFields, paramsFromForm } from "../http/params_form.ts";
import type { WebServices } from "../http/services.ts";
import { TriggerForm } from "../views/dag/trigger.tsx";
import { dagOf, sendDag } from "./dag_page.ts";
import { readForm, type Sent, shownError } from "./form.ts";

export function triggerRoutes(services: WebServices): Router {
  const router = Router({ caseSensitive: true, strict: true });
  router.get("/dags/:dagId/trigger", (request, response) =>
    triggerPage(services, request, response, {}, null),
  );
  router.post("/dags/:dagId/trigger", readForm, (request, response) =>
    trigger(services, request, response),
  );
  return router;
}

async function triggerPage(
  services: WebServices,
  request: Request,
  response: Response,
  sent: Sent,
  error: string | null,
): Promise<void> {
  const token = needFormToken(services, request);
  await sendDag(services, request, response, ({ dagId, spec }) => ({
    tab: "trigger",
    title: `Trigger ${dagId}`,
    children: h(TriggerForm, { dagId, fields: paramFields(spec.paramsSchema), sent, error, token }),
  }));
}

/** Errors about the typed values; the form shows them. */
const SHOWN: readonly string[] = ["INVALID_PARAMS", "INVALID_DATE", "RUN_EXISTS"];

async function trigger(services: WebServices, request: Request, response: Response): Promise<void> {
  const actions = actionsOfForm(services, request);
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
    if (!isDagsmithError(error) || !SHOWN.includes(error.code)) throw error;
    response.status(422);
    await triggerPage(services, request, response, sent, shownError(services, error, []));
  }
}
