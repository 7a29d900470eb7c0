/** The part of the API's table that is about one run: what it is, what it waits for, and what it is told. */
import type { Request } from "express";
import { DagsmithError } from "../../../sdk/errors.ts";
import type { Json } from "../../../sdk/json.ts";
import { listCallbacks } from "../../store/reads/callbacks.ts";
import { getRun, getRunTrigger, type RunDetail } from "../../store/reads/runs.ts";
import { whyWaiting } from "../../store/reads/why.ts";
import * as input from "../http/input.ts";
import { checked } from "../http/respond.ts";
import { maskJson, type WebServices } from "../http/services.ts";
import { parseLines } from "../live/log_window.ts";
import { actorOf } from "../routes/forms.ts";
import { actionsOf } from "./authorize.ts";
import type { Endpoint } from "./endpoint.ts";
import { done } from "./schemas/common.ts";
import * as answer from "./schemas/runs.ts";

export const RUN_ENDPOINTS: readonly Endpoint[] = [
  {
    method: "get",
    path: "/runs/{id}",
    summary: "Show a run",
    params: input.runParams,
    answer: answer.runDetail,
    run: run,
  },
  {
    method: "post",
    path: "/runs/{id}/cancel",
    summary: "Cancel a run",
    params: input.runParams,
    body: input.cancelBody,
    answer: done,
    run: cancel,
  },
  {
    method: "get",
    path: "/runs/{id}/callbacks",
    summary: "List the callbacks and missed deadlines of a run, and how they ended",
    params: input.runParams,
    answer: answer.callbacks,
    run: callbacks,
  },
  {
    method: "post",
    path: "/runs/{id}/events/{event}",
    summary: "Send an event to a run",
    params: input.eventParams,
    body: input.eventBody,
    answer: answer.eventSent,
    run: sendEvent,
  },
  {
    method: "post",
    path: "/runs/{id}/tasks/{taskId}/cancel",
    summary: "Cancel one task of a run",
    params: input.taskParams,
    body: input.cancelTaskBody,
    answer: answer.taskCancelled,
    run: cancelTask,
  },
  {
    method: "get",
    path: "/runs/{id}/why",
    summary: "Say why the tasks of a run that do not run do not",
    params: input.runParams,
    query: input.whyQuery,
    answer: answer.why,
    run: why,
  },
];

async function run(services: WebServices, request: Request): Promise<unknown> {
  const { id } = checked(input.runParams, request.params);
  const found = await getRun(services.reader, id);
  if (!found) throw new DagsmithError("UNKNOWN_RUN", { run: id });
  const trigger = (await getRunTrigger(services.reader, id)) as unknown as Json;
  return { ...(shownRun(services, found) as object), trigger: maskJson(services.mask, trigger) };
}

/** A run as it may be shown: its texts masked. */
export function shownRun({ mask }: WebServices, { versionId: _, ...run }: RunDetail): unknown {
  const { params, labels, reason, note } = run;
  const texts = {
    reason: reason === null ? null : mask(reason),
    note: note === null ? null : mask(note),
  };
  return { ...run, ...texts, params: maskJson(mask, params), labels: maskJson(mask, labels) };
}

async function cancel(services: WebServices, request: Request): Promise<unknown> {
  const { id } = checked(input.runParams, request.params);
  const { reason } = checked(input.cancelBody, request.body ?? {});
  const actions = await actionsOf(services);
  await actions.cancelRun(services.db, {
    id,
    actor: actorOf(request),
    ...(reason === undefined ? {} : { reason }),
  });
  return { done: true };
}

async function callbacks({ reader, mask }: WebServices, request: Request): Promise<unknown> {
  const { id } = checked(input.runParams, request.params);
  if (!(await getRun(reader, id))) throw new DagsmithError("UNKNOWN_RUN", { run: id });
  const masked = (text: string | null): string | null => (text === null ? null : mask(text));
  const found = await listCallbacks(reader, id);
  return {
    callbacks: found.map((one) => ({
      ...one,
      reason: masked(one.reason),
      failure: masked(one.failure),
      lines: parseLines(one.lines, mask),
    })),
  };
}

async function sendEvent(services: WebServices, request: Request): Promise<unknown> {
  const { id, event } = checked(input.eventParams, request.params);
  const { value = null } = checked(input.eventBody, request.body ?? {});
  const actions = await actionsOf(services);
  return {
    resumed: await actions.sendEvent(services.db, {
      id,
      name: event,
      value: value as Json,
      actor: actorOf(request),
    }),
  };
}

async function cancelTask(services: WebServices, request: Request): Promise<unknown> {
  const { id, taskId } = checked(input.taskParams, request.params);
  const { reason, mapIndex } = checked(input.cancelTaskBody, request.body ?? {});
  const actions = await actionsOf(services);
  const more = {
    ...(reason === undefined ? {} : { reason }),
    ...(mapIndex === undefined ? {} : { mapIndex }),
  };
  return {
    instances: await actions.cancelTask(services.db, {
      id,
      taskId,
      actor: actorOf(request),
      ...more,
    }),
  };
}

async function why({ reader, mask }: WebServices, request: Request): Promise<unknown> {
  const { id } = checked(input.runParams, request.params);
  const { task: taskId = null } = checked(input.whyQuery, request.query);
  const { tasks: waiting, ...run } = await whyWaiting(reader, id, taskId);
  return {
    ...run,
    tasks: waiting.map((one) => ({
      ...one,
      reasons: one.reasons.map(({ gate, text }) => ({ gate, text: mask(text) })),
    })),
  };
}
