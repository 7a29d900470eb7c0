/** The part of the API's table that is about a run's tasks, their instances and the logs of their tries. */
import type { Request } from "express";
import { DagsmithError } from "../../../sdk/errors.ts";
import { cursorOf } from "../../store/reads/instances.ts";
import { chunksAfter, isTryOver } from "../../store/reads/log.ts";
import * as input from "../http/input.ts";
import { checked } from "../http/respond.ts";
import type { WebServices } from "../http/services.ts";
import { parseLines } from "../live/log_window.ts";
import { readRun } from "../read/read_run.ts";
import { readTask } from "../read/read_task.ts";
import type { Endpoint } from "./endpoint.ts";
import * as answer from "./schemas/tasks.ts";

export const TASK_ENDPOINTS: readonly Endpoint[] = [
  {
    method: "get",
    path: "/runs/{id}/tasks",
    summary: "List a run's tasks",
    params: input.runParams,
    answer: answer.tasks,
    run: tasks,
  },
  {
    method: "get",
    path: "/runs/{id}/tasks/{taskId}",
    summary: "Show a task, its tries and its instances",
    params: input.taskParams,
    query: input.instancesQuery,
    answer: answer.taskDetail,
    run: task,
  },
  {
    method: "get",
    path: "/runs/{id}/tasks/{taskId}/{mapIndex}",
    summary: "Show an instance of a mapped task",
    params: input.instanceParams,
    answer: answer.taskDetail,
    run: task,
  },
  {
    method: "get",
    path: "/logs/{instanceId}/{tryNumber}",
    summary: "Read a try's log, part by part",
    params: input.logParams,
    query: input.logQuery,
    answer: answer.logAnswer,
    run: log,
  },
];

async function tasks({ reader, mask }: WebServices, request: Request): Promise<unknown> {
  const found = await readRun(reader, checked(input.runParams, request.params).id);
  return {
    tasks: found.tasks.map((one) => ({ ...one, why: one.why === null ? null : mask(one.why) })),
  };
}

async function task(services: WebServices, request: Request): Promise<unknown> {
  const isInstance = request.params.mapIndex !== undefined;
  const { id, taskId, mapIndex } = isInstance
    ? checked(input.instanceParams, request.params)
    : { ...checked(input.taskParams, request.params), mapIndex: -1 };
  const { after, state, try: tryNumber = null } = checked(input.instancesQuery, request.query);
  const {
    task: one,
    instance,
    tries,
    xcoms,
    instances,
    more,
  } = await readTask(services, { id, taskId, mapIndex, after, state, tryNumber });
  const last = instances.at(-1);
  const cursor = last && cursorOf(last);
  return {
    ...one,
    instance,
    tries,
    xcoms,
    instances,
    next: more === null ? null : `${cursor?.rank}.${cursor?.mapIndex}`,
  };
}

async function log({ reader, mask }: WebServices, request: Request): Promise<unknown> {
  const { instanceId, tryNumber } = checked(input.logParams, request.params);
  const { after = -1 } = checked(input.logQuery, request.query);
  const isOver = await isTryOver(reader, instanceId, tryNumber);
  if (isOver === undefined)
    throw new DagsmithError("UNKNOWN_INSTANCE", { instance: `${instanceId}, try ${tryNumber}` });
  const chunks = await chunksAfter(reader, instanceId, tryNumber, after);
  const lines = chunks.flatMap((chunk) => parseLines(chunk.lines, mask));
  return { lines, next: chunks.at(-1)?.seq ?? after, isComplete: isOver && chunks.length === 0 };
}
