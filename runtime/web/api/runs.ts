/**
 * The API's endpoints about one run: its state, what it waits for, and the actions on it.
 */

import type { Request } from "express";
import type { Json } from "../../../sdk/json.ts";
import { needs, visibleTags } from "../http/access.ts";
import { actionsOfApi, actorOf } from "../http/authorize.ts";
import { checked } from "../http/input/check.ts";
import { defined } from "../http/input/fields.ts";
import * as input from "../http/input/runs.ts";
import type { WebServices } from "../http/services.ts";
import { readAllCallbacks } from "../read/read_callbacks.ts";
import { readOrigin } from "../read/read_origin.ts";
import { type RunDetail, readRunRow } from "../read/read_runs.ts";
import { readWhy } from "../read/read_why.ts";
import type { Endpoint } from "./endpoint.ts";
import { done } from "./schemas/common.ts";
import * as answer from "./schemas/runs.ts";

export const RUN_ENDPOINTS: readonly Endpoint[] = [
  {
    method: "get",
    path: "/runs/{id}",
    access: needs("dag.read", "run"),
    summary: "Show a run",
    params: input.runParams,
    answer: answer.runDetail,
    run: run,
  },
  {
    method: "post",
    path: "/runs/{id}/cancel",
    access: needs("dag.operate", "run"),
    summary: "Cancel a run",
    params: input.runParams,
    body: input.cancelBody,
    answer: done,
    run: cancel,
  },
  {
    method: "get",
    path: "/runs/{id}/callbacks",
    access: needs("dag.read", "run"),
    summary: "List the callbacks and missed deadlines of a run, and how they ended",
    params: input.runParams,
    answer: answer.callbacks,
    run: callbacks,
  },
  {
    method: "post",
    path: "/runs/{id}/events/{event}",
    access: needs("dag.operate", "run"),
    summary: "Send an event to a run",
    params: input.eventParams,
    body: input.eventBody,
    answer: answer.eventSent,
    run: sendEvent,
  },
  {
    method: "get",
    path: "/runs/{id}/why",
    access: needs("dag.read", "run"),
    summary: "Say why tasks of a run do not run",
    params: input.runParams,
    query: input.whyQuery,
    answer: answer.why,
    run: why,
  },
];

async function run(services: WebServices, request: Request): Promise<unknown> {
  const { id } = checked(input.runParams, request.params);
  const found = await readRunRow(services, id);
  return { ...shownRun(found), ...(await readOrigin(services, id, visibleTags(request))) };
}

/** A run without the fields that only the page needs. */
export function shownRun({ versionId: _, ...run }: RunDetail): Omit<RunDetail, "versionId"> {
  return run;
}

async function cancel(services: WebServices, request: Request): Promise<unknown> {
  const { id } = checked(input.runParams, request.params);
  const body = checked(input.cancelBody, request.body ?? {});
  const actions = await actionsOfApi(services, request);
  await actions.cancelRun(services.db, { id, actor: actorOf(request), ...defined(body) });
  return { done: true };
}

async function callbacks(services: WebServices, request: Request): Promise<unknown> {
  const { id } = checked(input.runParams, request.params);
  await readRunRow(services, id);
  return { callbacks: await readAllCallbacks(services, id) };
}

async function sendEvent(services: WebServices, request: Request): Promise<unknown> {
  const { id, event: name } = checked(input.eventParams, request.params);
  const { value = null } = checked(input.eventBody, request.body ?? {});
  const actions = await actionsOfApi(services, request);
  const sent = { id, name, value: value as Json, actor: actorOf(request) };
  return { resumed: await actions.sendEvent(services.db, sent) };
}

async function why(services: WebServices, request: Request): Promise<unknown> {
  const { id } = checked(input.runParams, request.params);
  const { task: taskId = null } = checked(input.whyQuery, request.query);
  return readWhy(services, id, taskId, visibleTags(request));
}
