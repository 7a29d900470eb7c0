/** The API's endpoint that marks a run, or a task of it. */

import type { Request } from "express";
import { DagsmithError } from "../../../sdk/errors.ts";
import { needs } from "../http/access.ts";
import { actionsOfApi, actorOf } from "../http/authorize.ts";
import { checked } from "../http/input/check.ts";
import { defined } from "../http/input/fields.ts";
import { markBody, runParams } from "../http/input/runs.ts";
import type { WebServices } from "../http/services.ts";
import type { Endpoint } from "./endpoint.ts";
import { done } from "./schemas/common.ts";

export const MARK_ENDPOINTS: readonly Endpoint[] = [
  {
    method: "post",
    path: "/runs/{id}/mark",
    access: needs("dag.operate", "run"),
    summary: "Mark a run, or a task of it",
    params: runParams,
    body: markBody,
    answer: done,
    run: mark,
  },
];

async function mark(services: WebServices, request: Request): Promise<unknown> {
  const { id } = checked(runParams, request.params);
  const { state: to, taskId, mapIndex } = checked(markBody, request.body ?? {});
  const actions = await actionsOfApi(services, request);
  const of = { id, actor: actorOf(request) };
  if (taskId !== undefined)
    await actions.markTask(services.db, { ...of, taskId, to, ...defined({ mapIndex }) });
  else if (to !== "skipped") await actions.markRun(services.db, { ...of, to });
  else
    throw new DagsmithError("INVALID_ARGUMENT", {
      argument: "state",
      reason: "a run is success or failed",
    });
  return { done: true };
}
