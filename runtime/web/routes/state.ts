/** The State tab of a DAG, and the deletion of a value. */
import type { Request, Response } from "express";
import { h } from "preact";
import { scopeWithin } from "../../engine/results/state_scope.ts";
import { needs } from "../http/access.ts";
import { actionsOfForm, actorOf, formToken } from "../http/authorize.ts";
import { checked } from "../http/input/check.ts";
import { dagParams } from "../http/input/dags.ts";
import { deleteStateBody, stateQuery } from "../http/input/state.ts";
import { Routes } from "../http/routes.ts";
import type { WebServices } from "../http/services.ts";
import type { DagDetail } from "../read/read_dags.ts";
import { readState } from "../read/read_state.ts";
import { StateList } from "../views/dag/state.tsx";
import { type DagTabContent, sendDag } from "./dag_page.ts";
import { readForm } from "./form.ts";

export function stateRoutes(services: WebServices): Routes {
  const routes = new Routes(services);
  routes.get("/dags/:dagId/state", needs("xcom.read", "dagId"), (request, response) =>
    sendDag(services, request, response, (dag) => state(services, request, dag)),
  );
  routes.post(
    "/dags/:dagId/state/delete",
    needs("dag.operate", "dagId"),
    readForm,
    (request, response) => deleteValue(services, request, response),
  );
  return routes;
}

async function state(
  services: WebServices,
  request: Request,
  { dagId }: DagDetail,
): Promise<DagTabContent> {
  const query = checked(stateQuery, request.query);
  const { state: values, next } = await readState(services, { dagId, ...query });
  const children = h(StateList, {
    ...{ dagId, state: values, token: formToken(services, request) },
    next: next === null ? null : `/dags/${dagId}/state?after=${encodeURIComponent(next)}`,
  });
  const section = h("div", { id: "state", "data-live": true }, children);
  return { tab: "state", title: `State of ${dagId}`, children: section };
}

async function deleteValue(
  services: WebServices,
  request: Request,
  response: Response,
): Promise<void> {
  const { dagId } = checked(dagParams, request.params);
  const { key, task } = checked(deleteStateBody, request.query);
  // The permission was checked for this DAG, and the scope is within it.
  const scope = scopeWithin(dagId, task);
  const actions = actionsOfForm(services, request);
  await actions.deleteStateValue(services.db, { scope, key, actor: actorOf(request) });
  response.redirect(303, `/dags/${dagId}/state`);
}
