/** The API as a table: each address with what it takes, what it answers and what it does. Routes and OpenAPI are both made from it. */
import type { Request } from "express";
import type { ZodObject, ZodType } from "zod";
import { DagsmithError } from "../../../sdk/errors.ts";
import type { Json } from "../../../sdk/json.ts";
import { assetEvents } from "../../store/asset.ts";
import { listAssets } from "../../store/asset_list.ts";
import { listCallbacks } from "../../store/callback.ts";
import { getDag, listDags, listImportErrors } from "../../store/page_dags.ts";
import { getHealth } from "../../store/page_health.ts";
import { chunksAfter, isTryOver } from "../../store/page_log.ts";
import { getRun, getRunTrigger, listRuns, type RunDetail } from "../../store/page_runs.ts";
import { listPools } from "../../store/pool.ts";
import { whyWaiting } from "../../store/why.ts";
import * as input from "../input.ts";
import { parseLines } from "../log_window.ts";
import { readRun } from "../read_run.ts";
import { readSlotPage } from "../read_slots.ts";
import { readTask } from "../read_task.ts";
import { checked } from "../respond.ts";
import { actorOf } from "../routes/forms.ts";
import { maskJson, type WebServices } from "../services.ts";
import { actionsOf } from "./acting.ts";
import { AGAIN_ENDPOINTS } from "./again.ts";
import * as answer from "./schemas.ts";

/** One address of the API. */
export interface Endpoint {
  readonly method: "get" | "post";
  /** With parameters as `{name}`. */
  readonly path: string;
  readonly summary: string;
  readonly params?: ZodObject;
  readonly query?: ZodObject;
  readonly body?: ZodType;
  readonly answer: ZodType;
  readonly status?: number;
  readonly run: (services: WebServices, request: Request) => Promise<unknown>;
}

export const ENDPOINTS: readonly Endpoint[] = [
  { method: "get", path: "/dags", summary: "List DAGs with their last runs", query: input.dagsQuery, answer: answer.dags, run: dags },
  { method: "get", path: "/dags/{dagId}", summary: "Show a DAG", params: input.dagParams, answer: answer.dagDetail, run: dag },
  {
    method: "get",
    path: "/dags/{dagId}/runs",
    summary: "List a DAG's runs, newest first",
    params: input.dagParams,
    query: input.runsQuery,
    answer: answer.runs,
    run: runs,
  },
  {
    method: "post",
    path: "/dags/{dagId}/runs",
    summary: "Trigger a run",
    params: input.dagParams,
    body: input.triggerBody,
    answer: answer.created,
    status: 201,
    run: trigger,
  },
  {
    method: "post",
    path: "/dags/{dagId}/pause",
    summary: "Pause the schedule",
    params: input.dagParams,
    answer: answer.done,
    run: pausing("pauseDag"),
  },
  {
    method: "post",
    path: "/dags/{dagId}/unpause",
    summary: "Resume the schedule",
    params: input.dagParams,
    answer: answer.done,
    run: pausing("unpauseDag"),
  },
  {
    method: "get",
    path: "/dags/{dagId}/slots",
    summary: "List what became of a DAG's slots: what waits, then decisions, newest first",
    params: input.dagParams,
    query: input.dagSlotsQuery,
    answer: answer.dagSlots,
    run: slots,
  },
  { method: "get", path: "/runs/{id}", summary: "Show a run", params: input.runParams, answer: answer.runDetail, run: run },
  {
    method: "post",
    path: "/runs/{id}/cancel",
    summary: "Cancel a run",
    params: input.runParams,
    body: input.cancelBody,
    answer: answer.done,
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
  { method: "get", path: "/runs/{id}/tasks", summary: "List a run's tasks", params: input.runParams, answer: answer.tasks, run: tasks },
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
  { method: "get", path: "/assets", summary: "List assets", query: input.assetsQuery, answer: answer.assets, run: assets },
  {
    method: "get",
    path: "/assets/events",
    summary: "List an asset's updates, newest first",
    query: input.assetEventsQuery,
    answer: answer.assetEvents,
    run: assetUpdates,
  },
  {
    method: "post",
    path: "/assets/events",
    summary: "Say that an asset was updated",
    body: input.assetEventBody,
    answer: answer.createdEvent,
    status: 201,
    run: updateAsset,
  },
  { method: "get", path: "/pools", summary: "List pools and what is taken of them", answer: answer.pools, run: pools },
  {
    method: "post",
    path: "/pools/{name}",
    summary: "Make a pool, or give it another size",
    params: input.poolParams,
    body: input.poolBody,
    answer: answer.done,
    run: setPool,
  },
  {
    method: "post",
    path: "/pools/{name}/delete",
    summary: "Delete a pool; tasks that name it wait until it is made again",
    params: input.poolParams,
    answer: answer.done,
    run: deletePool,
  },
  ...AGAIN_ENDPOINTS,
  { method: "get", path: "/import-errors", summary: "List files that cannot be imported", answer: answer.importErrors, run: importErrors },
  {
    method: "get",
    path: "/health",
    summary: "How many schedulers and workers are alive",
    answer: answer.health,
    run: ({ reader }) => getHealth(reader),
  },
];

async function dags({ reader }: WebServices, request: Request): Promise<unknown> {
  const { q: search, ...query } = checked(input.dagsQuery, request.query);
  const found = await listDags(reader, { ...query, search });
  return { dags: found, next: found.length < query.limit ? null : (found.at(-1)?.dagId ?? null) };
}

async function dag({ reader, mask }: WebServices, request: Request): Promise<unknown> {
  const { dagId } = checked(input.dagParams, request.params);
  const found = await getDag(reader, dagId);
  if (!found) throw new DagsmithError("UNKNOWN_DAG", { dag: dagId, hint: "It was never deployed here." });
  return { ...found, spec: maskJson(mask, found.spec as unknown as Json) };
}

async function runs(services: WebServices, request: Request): Promise<unknown> {
  const { dagId } = checked(input.dagParams, request.params);
  const query = checked(input.runsQuery, request.query);
  const found = await listRuns(services.reader, { dagId, ...query });
  if (found.length === 0) await dag(services, request);
  return { runs: found.map((one) => shownRun(services, one)), next: found.length < query.limit ? null : (found.at(-1)?.id ?? null) };
}

async function slots(services: WebServices, request: Request): Promise<unknown> {
  const { dagId } = checked(input.dagParams, request.params);
  const found = await readSlotPage(services, { dagId, ...checked(input.dagSlotsQuery, request.query) });
  if (!found) throw new DagsmithError("UNKNOWN_DAG", { dag: dagId, hint: "It was never deployed here." });
  return found;
}

function shownRun({ mask }: WebServices, { versionId: _, ...run }: RunDetail): unknown {
  const { params, labels, reason, note } = run;
  const texts = { reason: reason === null ? null : mask(reason), note: note === null ? null : mask(note) };
  return { ...run, ...texts, params: maskJson(mask, params), labels: maskJson(mask, labels) };
}

async function run(services: WebServices, request: Request): Promise<unknown> {
  const { id } = checked(input.runParams, request.params);
  const found = await getRun(services.reader, id);
  if (!found) throw new DagsmithError("UNKNOWN_RUN", { run: id });
  const trigger = (await getRunTrigger(services.reader, id)) as unknown as Json;
  return { ...(shownRun(services, found) as object), trigger: maskJson(services.mask, trigger) };
}

async function tasks({ reader, mask }: WebServices, request: Request): Promise<unknown> {
  const found = await readRun(reader, checked(input.runParams, request.params).id);
  return { tasks: found.tasks.map((one) => ({ ...one, why: one.why === null ? null : mask(one.why) })) };
}

async function why({ reader, mask }: WebServices, request: Request): Promise<unknown> {
  const { id } = checked(input.runParams, request.params);
  const { task: taskId = null } = checked(input.whyQuery, request.query);
  const { tasks: waiting, ...run } = await whyWaiting(reader, id, taskId);
  return { ...run, tasks: waiting.map((one) => ({ ...one, reasons: one.reasons.map(({ gate, text }) => ({ gate, text: mask(text) })) })) };
}

async function pools({ reader, mask }: WebServices): Promise<unknown> {
  return { pools: (await listPools(reader)).map((pool) => ({ ...pool, description: mask(pool.description) })) };
}

async function setPool(services: WebServices, request: Request): Promise<unknown> {
  const { name } = checked(input.poolParams, request.params);
  const { slots, description } = checked(input.poolBody, request.body ?? {});
  const more = description === undefined ? {} : { description };
  await (await actionsOf(services)).setPool(services.db, { name, slots, ...more, actor: actorOf(request) });
  return { done: true };
}

async function deletePool(services: WebServices, request: Request): Promise<unknown> {
  const { name } = checked(input.poolParams, request.params);
  await (await actionsOf(services)).deletePool(services.db, { name, actor: actorOf(request) });
  return { done: true };
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
  return { ...one, instance, tries, xcoms, instances, next: more === null ? null : `${last?.rank}.${last?.mapIndex}` };
}

async function log({ reader, mask }: WebServices, request: Request): Promise<unknown> {
  const { instanceId, tryNumber } = checked(input.logParams, request.params);
  const { after = -1 } = checked(input.logQuery, request.query);
  const isOver = await isTryOver(reader, instanceId, tryNumber);
  if (isOver === undefined) throw new DagsmithError("UNKNOWN_INSTANCE", { instance: `${instanceId}, try ${tryNumber}` });
  const chunks = await chunksAfter(reader, instanceId, tryNumber, after);
  const lines = chunks.flatMap((chunk) => parseLines(chunk.lines, mask));
  return { lines, next: chunks.at(-1)?.seq ?? after, isComplete: isOver && chunks.length === 0 };
}

async function importErrors({ reader, mask }: WebServices): Promise<unknown> {
  const found = await listImportErrors(reader);
  return { importErrors: found.map((error) => ({ ...error, message: mask(error.message), stack: mask(error.stack) })) };
}

async function trigger(services: WebServices, request: Request): Promise<unknown> {
  const { dagId } = checked(input.dagParams, request.params);
  const { params, logicalDate } = checked(input.triggerBody, request.body ?? {});
  const actions = await actionsOf(services);
  const more = { ...(params === undefined ? {} : { params: params as Json }), ...(logicalDate === undefined ? {} : { logicalDate }) };
  return actions.triggerRun(services.db, { dagId, ...more, actor: actorOf(request) });
}

function pausing(verb: "pauseDag" | "unpauseDag"): Endpoint["run"] {
  return async (services, request) => {
    const { dagId } = checked(input.dagParams, request.params);
    await (await actionsOf(services))[verb](services.db, { dagId, actor: actorOf(request) });
    return { done: true };
  };
}

async function cancel(services: WebServices, request: Request): Promise<unknown> {
  const { id } = checked(input.runParams, request.params);
  const { reason } = checked(input.cancelBody, request.body ?? {});
  const actions = await actionsOf(services);
  await actions.cancelRun(services.db, { id, actor: actorOf(request), ...(reason === undefined ? {} : { reason }) });
  return { done: true };
}

async function cancelTask(services: WebServices, request: Request): Promise<unknown> {
  const { id, taskId } = checked(input.taskParams, request.params);
  const { reason, mapIndex } = checked(input.cancelTaskBody, request.body ?? {});
  const actions = await actionsOf(services);
  const more = { ...(reason === undefined ? {} : { reason }), ...(mapIndex === undefined ? {} : { mapIndex }) };
  return { instances: await actions.cancelTask(services.db, { id, taskId, actor: actorOf(request), ...more }) };
}

async function sendEvent(services: WebServices, request: Request): Promise<unknown> {
  const { id, event } = checked(input.eventParams, request.params);
  const { value = null } = checked(input.eventBody, request.body ?? {});
  const actions = await actionsOf(services);
  return { resumed: await actions.sendEvent(services.db, { id, name: event, value: value as Json, actor: actorOf(request) }) };
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

async function assets({ reader, mask }: WebServices, request: Request): Promise<unknown> {
  const query = checked(input.assetsQuery, request.query);
  const found = await listAssets(reader, query);
  const next = found.length < query.limit ? null : (found.at(-1)?.uri ?? null);
  return { assets: found.map((asset) => ({ ...asset, extra: maskJson(mask, asset.extra) })), next };
}

async function assetUpdates({ reader, mask }: WebServices, request: Request): Promise<unknown> {
  const query = checked(input.assetEventsQuery, request.query);
  const found = await assetEvents(reader, query.uri, query);
  const next = found.length < query.limit ? null : (found.at(-1)?.id ?? null);
  return { events: found.map((event) => ({ ...event, extra: maskJson(mask, event.extra) })), next };
}

async function updateAsset(services: WebServices, request: Request): Promise<unknown> {
  const { uri, extra = {} } = checked(input.assetEventBody, request.body ?? {});
  const actions = await actionsOf(services);
  return actions.updateAsset(services.db, { uri, extra: extra as Json, actor: actorOf(request) });
}
