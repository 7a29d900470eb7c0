/** The form that triggers a run. */
import type { Request, Response } from "express";
import { h } from "preact";
import { isDagsmithError } from "../../../sdk/errors.ts";
import { needs } from "../http/access.ts";
import { actionsOfForm, actorOf, needFormToken } from "../http/authorize.ts";
import { checked } from "../http/input/check.ts";
import { formBody } from "../http/input/fields.ts";
import { Routes } from "../http/routes.ts";
import type { WebServices } from "../http/services.ts";
import { paramFields } from "../params/param_fields.ts";
import { TriggerForm } from "../views/dag/trigger.tsx";
import { dagOf, sendDag } from "./dag_page.ts";
import { readForm, type Sent, shownError } from "./form.ts";
import { type Problems, paramProblems, problemCount, readParams } from "./param_form.ts";

export function triggerRoutes(services: WebServices): Routes {
  const routes = new Routes(services);
  routes.get("/dags/:dagId/trigger", needs("dag.operate", "dagId"), (request, response) =>
    triggerPage(services, request, response, { sent: {}, problems: {}, error: null }),
  );
  routes.post(
    "/dags/:dagId/trigger",
    needs("dag.operate", "dagId"),
    readForm,
    (request, response) => trigger(services, request, response),
  );
  return routes;
}

/** What the form shows of an attempt. */
interface Attempt {
  readonly sent: Sent;
  readonly problems: Problems;
  readonly error: string | null;
}

async function triggerPage(
  services: WebServices,
  request: Request,
  response: Response,
  attempt: Attempt,
): Promise<void> {
  const token = needFormToken(services, request);
  await sendDag(services, request, response, ({ dagId, spec }) => ({
    tab: "trigger",
    title: `Trigger ${dagId}`,
    children: h(TriggerForm, { dagId, fields: paramFields(spec.paramsSchema), ...attempt, token }),
  }));
}

/** Errors about the typed values; the form shows them. */
const SHOWN: readonly string[] = [
  ...["INVALID_PARAMS", "SCHEMA_TOO_SLOW", "SCHEMA_UNUSABLE"],
  ...["INVALID_DATE", "RUN_EXISTS"],
];

async function trigger(services: WebServices, request: Request, response: Response): Promise<void> {
  const actions = actionsOfForm(services, request);
  const sent = checked(formBody, request.body);
  const { dagId, spec } = await dagOf(services, request);
  const fields = paramFields(spec.paramsSchema);
  const { params, problems } = await readParams(spec, fields, sent);
  const refuse = (found: Problems, error: string | null): Promise<void> => {
    response.status(422);
    return triggerPage(services, request, response, { sent, problems: found, error });
  };
  const count = problemCount(problems);
  if (count !== null) return refuse(problems, count);
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
    const found = paramProblems(error, fields);
    await refuse(found, problemCount(found) ?? shownError(services, error, []));
  }
}
