/**
 * The API's endpoints about what tasks remember and report: state between runs, steps, and
 * what they really ran.
 */
import type { Request } from "express";
import { scopeWithin } from "../../engine/results/state_scope.ts";
import { needs } from "../http/access.ts";
import { actionsOfApi, actorOf } from "../http/authorize.ts";
import { checked } from "../http/input/check.ts";
import { dagParams } from "../http/input/dags.ts";
import * as input from "../http/input/state.ts";
import { instanceParams, taskParams, tryQuery } from "../http/input/tasks.ts";
import type { WebServices } from "../http/services.ts";
import { readDag } from "../read/read_dags.ts";
import { readRendered } from "../read/read_rendered.ts";
import { readRun } from "../read/read_run.ts";
import { readState, readSteps } from "../read/read_state.ts";
import type { Endpoint } from "./endpoint.ts";
import * as answer from "./schemas/state.ts";

export const STATE_ENDPOINTS: readonly Endpoint[] = [
  {
    method: "get",
    path: "/dags/{dagId}/state",
    access: needs("xcom.read", "dagId"),
    summary: "List the state of a DAG and its tasks, by scope and key",
    params: dagParams,
    query: input.stateQuery,
    answer: answer.state,
    run: state,
  },
  {
    method: "post",
    path: "/dags/{dagId}/state/delete",
    access: needs("dag.operate", "dagId"),
    summary: "Delete a value of the state of a DAG or one of its tasks",
    params: dagParams,
    body: input.deleteStateBody,
    answer: answer.stateDeleted,
    run: deleteState,
  },
  {
    method: "get",
    path: "/runs/{id}/tasks/{taskId}/steps",
    access: needs("xcom.read", "run"),
    summary: "List the steps of a task, in the order in which they began",
    params: taskParams,
    answer: answer.steps,
    run: steps,
  },
  {
    method: "get",
    path: "/runs/{id}/tasks/{taskId}/{mapIndex}/steps",
    access: needs("xcom.read", "run"),
    summary: "List the steps of an instance of a mapped task, in the order in which they began",
    params: instanceParams,
    answer: answer.steps,
    run: steps,
  },
  {
    method: "get",
    path: "/runs/{id}/tasks/{taskId}/rendered",
    access: needs("xcom.read", "run"),
    summary: "Show what a try of a task really ran",
    params: taskParams,
    query: tryQuery,
    answer: answer.rendered,
    run: rendered,
  },
  {
    method: "get",
    path: "/runs/{id}/tasks/{taskId}/{mapIndex}/rendered",
    access: needs("xcom.read", "run"),
    summary: "Show what a try of an instance of a mapped task really ran",
    params: instanceParams,
    query: tryQuery,
    answer: answer.rendered,
    run: rendered,
  },
];

async function state(services: WebServices, request: Request): Promise<unknown> {
  const { dagId } = checked(dagParams, request.params);
  const page = await readState(services, { dagId, ...checked(input.stateQuery, request.query) });
  // An unknown DAG is an error, a DAG without state is not.
  if (page.state.length === 0) await readDag(services, dagId);
  return page;
}

async function deleteState(services: WebServices, request: Request): Promise<unknown> {
  const { dagId } = checked(dagParams, request.params);
  const { key, task } = checked(input.deleteStateBody, request.body ?? {});
  const actions = await actionsOfApi(services, request);
  // The permission was checked for this DAG, and the scope is within it.
  const scope = scopeWithin(dagId, task);
  const place = { scope, key, actor: actorOf(request) };
  return { deleted: await actions.deleteStateValue(services.db, place) };
}

async function steps(services: WebServices, request: Request): Promise<unknown> {
  const which = instanceOf(request);
  const found = await readSteps(services, which);
  // An unknown run is an error, a task without steps is not.
  if (found.length === 0) await readRun(services, which.id);
  return { steps: found };
}

async function rendered(services: WebServices, request: Request): Promise<unknown> {
  const which = instanceOf(request);
  const { try: tryNumber = null } = checked(tryQuery, request.query);
  const found = await readRendered(services, { ...which, tryNumber });
  // An unknown run is an error, a try that reports nothing is not.
  if (found.length === 0) await readRun(services, which.id);
  return { rendered: found };
}

function instanceOf({ params }: Request): { id: number; taskId: string; mapIndex: number } {
  return params.mapIndex === undefined
    ? { ...checked(taskParams, params), mapIndex: -1 }
    : checked(instanceParams, params);
}
