/**
 * The API's endpoints about the tasks of a run, their instances and the logs of their
 * tries.
 */

import type { Request } from "express";
import { DagsmithError } from "../../../sdk/errors.ts";
import { mayAlso, needs, visibleTags } from "../http/access.ts";
import { actionsOfApi, actorOf } from "../http/authorize.ts";
import { checked } from "../http/input/check.ts";
import { defined } from "../http/input/fields.ts";
import { runParams } from "../http/input/runs.ts";
import * as input from "../http/input/tasks.ts";
import type { WebServices } from "../http/services.ts";
import { logLines } from "../read/log_lines.ts";
import { isTryFinished, readLogParts } from "../read/read_log.ts";
import { readRun } from "../read/read_run.ts";
import { readTask } from "../read/read_task.ts";
import type { Endpoint } from "./endpoint.ts";
import * as answer from "./schemas/tasks.ts";

export const TASK_ENDPOINTS: readonly Endpoint[] = [
  {
    method: "get",
    path: "/runs/{id}/tasks",
    access: needs("dag.read", "run"),
    summary: "List a run's tasks",
    params: runParams,
    answer: answer.tasks,
    run: tasks,
  },
  {
    method: "get",
    path: "/runs/{id}/tasks/{taskId}",
    access: needs("dag.read", "run"),
    summary: "Show a task, its tries and its instances",
    params: input.taskParams,
    query: input.instancesQuery,
    answer: answer.taskDetail,
    run: task,
  },
  {
    method: "get",
    path: "/runs/{id}/tasks/{taskId}/{mapIndex}",
    access: needs("dag.read", "run"),
    summary: "Show an instance of a mapped task",
    params: input.instanceParams,
    answer: answer.taskDetail,
    run: task,
  },
  {
    method: "post",
    path: "/runs/{id}/tasks/{taskId}/cancel",
    access: needs("dag.operate", "run"),
    summary: "Cancel one task of a run",
    params: input.taskParams,
    body: input.cancelTaskBody,
    answer: answer.taskCancelled,
    run: cancelTask,
  },
  {
    method: "get",
    path: "/logs/{instanceId}/{tryNumber}",
    access: needs("dag.read", "instance"),
    summary: "Read a try's log, part by part",
    params: input.logParams,
    query: input.logQuery,
    answer: answer.logAnswer,
    run: log,
  },
];

async function tasks(services: WebServices, request: Request): Promise<unknown> {
  const { id } = checked(runParams, request.params);
  return { tasks: (await readRun(services, id)).tasks };
}

async function task(services: WebServices, request: Request): Promise<unknown> {
  const isInstance = request.params.mapIndex !== undefined;
  const which = isInstance
    ? checked(input.instanceParams, request.params)
    : { ...checked(input.taskParams, request.params), mapIndex: -1 };
  const { after, state, try: tryNumber = null } = checked(input.instancesQuery, request.query);
  const view = await readTask(services, {
    ...{ ...which, after, state, tryNumber },
    withValues: mayAlso(request, "xcom.read"),
    visible: visibleTags(request),
  });
  const { instance, called, tries, xcoms, files, instances, next } = view;
  return { ...view.task, instance, called, tries, xcoms, files, instances, next };
}

async function cancelTask(services: WebServices, request: Request): Promise<unknown> {
  const { id, taskId } = checked(input.taskParams, request.params);
  const body = checked(input.cancelTaskBody, request.body ?? {});
  const actions = await actionsOfApi(services, request);
  const which = { id, taskId, ...defined(body), actor: actorOf(request) };
  return { instances: await actions.cancelTask(services.db, which) };
}

async function log(services: WebServices, request: Request): Promise<unknown> {
  const wanted = checked(input.logParams, request.params);
  const { after = -1 } = checked(input.logQuery, request.query);
  const isFinished = await isTryFinished(services, wanted);
  if (isFinished === undefined)
    throw new DagsmithError("UNKNOWN_INSTANCE", {
      instance: `${wanted.instanceId}, try ${wanted.tryNumber}`,
    });
  const parts = await readLogParts(services, wanted, after, logLines);
  return {
    lines: parts.flatMap(({ lines }) => lines),
    next: parts.at(-1)?.seq ?? after,
    isComplete: isFinished && parts.length === 0,
  };
}
