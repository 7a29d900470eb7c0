/** The page of variables: which there are, and forms that set and delete one. */
import type { Request, Response } from "express";
import { h } from "preact";
import { mayAlso, needs } from "../http/access.ts";
import { sessionToken } from "../http/authorize.ts";
import { checked } from "../http/input/check.ts";
import { onlyFormVersion, versionOf } from "../http/input/fields.ts";
import { variableForm, variableParams } from "../http/input/secrets.ts";
import { Refused } from "../http/refused.ts";
import { Routes } from "../http/routes.ts";
import type { WebServices } from "../http/services.ts";
import { needSecrets, readVariables } from "../read/read_secrets.ts";
import { VariablesPage } from "../views/secrets/variables.tsx";
import { changesFrom } from "./changes_from.ts";
import { readForm } from "./form.ts";
import { sendPage } from "./send_page.ts";
import { setupPlaces } from "./setup_places.ts";

export function variableRoutes(services: WebServices): Routes {
  const routes = new Routes(services);
  const { db } = services;
  const change = changesFrom(services, "/variables", variables);
  const edit = needs("variable.edit");
  routes.get("/variables", needs("variable.read"), (request, response) =>
    variables(services, request, response, undefined),
  );
  routes.post("/variables", edit, readForm, (request, response) =>
    change(request, response, async (actions, actor) => {
      const { stored } = needSecrets(services);
      const { key, value, version } = checked(variableForm, request.body);
      const by = { actor, ...versionOf({ version }) };
      await actions.setVariable(db, stored, key, value, by);
    }),
  );
  routes.post("/variables/:key/delete", edit, readForm, (request, response) =>
    change(request, response, async (actions, actor) => {
      const { key } = checked(variableParams, request.params);
      const by = { actor, ...versionOf(checked(onlyFormVersion, request.body)) };
      if (!(await actions.deleteVariable(db, key, by)))
        throw new Refused(404, "There is no such variable.");
    }),
  );
  return routes;
}

async function variables(
  services: WebServices,
  request: Request,
  response: Response,
  error: string | undefined,
): Promise<void> {
  const list = await readVariables(services);
  if (error !== undefined) response.status(422);
  const mayEdit = services.actions !== undefined && mayAlso(request, "variable.edit");
  const token = mayEdit ? sessionToken(request) : undefined;
  await sendPage(services, request, response, {
    title: "Variables",
    body: h(VariablesPage, { list, token, error, places: setupPlaces(services, request) }),
  });
}
