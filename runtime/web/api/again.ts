/** The part of the API's table that is about doing again: backfills, clearing, marking, notes and labels; and who did what. */
import type { Request } from "express";
import { DagsmithError } from "../../../sdk/errors.ts";
import type { Json } from "../../../sdk/json.ts";
import type { BackfillRequest, ClearSelection } from "../../actions/index.ts";
import { listAudit } from "../../store/reads/audit.ts";
import {
  type BackfillSummary,
  findBackfill,
  listBackfillRuns,
  listBackfills,
} from "../../store/reads/backfills.ts";
import { defined } from "../http/defined_fields.ts";
import * as input from "../http/input.ts";
import { checked } from "../http/respond.ts";
import { maskJson, type WebServices } from "../http/services.ts";
import { actorOf } from "../routes/forms.ts";
import { actionsOf } from "./authorize.ts";
import type { Endpoint } from "./endpoint.ts";
import * as answer from "./schemas/again.ts";
import { done } from "./schemas/common.ts";

export const AGAIN_ENDPOINTS: readonly Endpoint[] = [
  {
    method: "get",
    path: "/dags/{dagId}/backfills",
    summary: "List a DAG's backfills, newest first, with how far they are",
    params: input.dagParams,
    query: input.backfillsQuery,
    answer: answer.backfills,
    run: backfills,
  },
  {
    method: "post",
    path: "/dags/{dagId}/backfills",
    summary: "Run a range of a DAG's schedule",
    params: input.dagParams,
    body: input.backfillBody,
    answer: answer.createdBackfill,
    status: 201,
    run: create,
  },
  {
    method: "post",
    path: "/dags/{dagId}/backfills/preview",
    summary: "List what a backfill would do; changes nothing",
    params: input.dagParams,
    body: input.backfillBody,
    answer: answer.backfillPreview,
    run: preview,
  },
  {
    method: "get",
    path: "/backfills/{id}",
    summary: "Show a backfill",
    params: input.runParams,
    answer: answer.backfill,
    run: backfill,
  },
  {
    method: "get",
    path: "/backfills/{id}/runs",
    summary: "List the planned runs of a backfill, in their order",
    params: input.runParams,
    query: input.backfillRunsQuery,
    answer: answer.backfillRuns,
    run: runs,
  },
  moving("pause", "Let nothing more of a backfill begin"),
  moving("resume", "Let a paused backfill go on"),
  moving("cancel", "End a backfill; what runs is left to finish"),
  clearing("/runs/{id}/clear", "Run tasks of a run again", "clearRuns"),
  clearing(
    "/runs/{id}/clear/preview",
    "List what a clear would do; changes nothing",
    "previewClear",
  ),
  clearing(
    "/dags/{dagId}/clear",
    "Run tasks of a DAG's runs again, between two logical dates",
    "clearRuns",
  ),
  clearing(
    "/dags/{dagId}/clear/preview",
    "List what that would do; changes nothing",
    "previewClear",
  ),
  {
    method: "post",
    path: "/runs/{id}/mark",
    summary: "Declare how a run, or a task of it, ended",
    params: input.runParams,
    body: input.markBody,
    answer: done,
    run: mark,
  },
  {
    method: "post",
    path: "/runs/{id}/note",
    summary: "Write a note on a run; an empty one takes it away",
    params: input.runParams,
    body: input.noteBody,
    answer: done,
    run: note,
  },
  {
    method: "post",
    path: "/runs/{id}/labels",
    summary: "Give a run labels, or take them away",
    params: input.runParams,
    body: input.labelsBody,
    answer: done,
    run: label,
  },
  {
    method: "get",
    path: "/audit",
    summary: "List who did what, newest first",
    query: input.auditQuery,
    answer: answer.audit,
    run: audit,
  },
];

async function backfills(services: WebServices, request: Request): Promise<unknown> {
  const { dagId } = checked(input.dagParams, request.params);
  const { limit } = checked(input.backfillsQuery, request.query);
  return {
    backfills: (await listBackfills(services.reader, dagId, limit)).map((one) =>
      shown(services, one),
    ),
  };
}

async function backfill(services: WebServices, request: Request): Promise<unknown> {
  return shown(services, await needBackfill(services, checked(input.runParams, request.params).id));
}

/** @throws DagsmithError UNKNOWN_BACKFILL */
export async function needBackfill({ reader }: WebServices, id: number): Promise<BackfillSummary> {
  const found = await findBackfill(reader, id);
  if (!found) throw new DagsmithError("UNKNOWN_BACKFILL", { backfill: id });
  return found;
}

function shown({ mask }: WebServices, one: BackfillSummary): unknown {
  return {
    ...one,
    params: maskJson(mask, one.params),
    labels: maskJson(mask, one.labels),
    createdBy: mask(one.createdBy),
  };
}

async function runs(services: WebServices, request: Request): Promise<unknown> {
  const { id } = checked(input.runParams, request.params);
  const { after, limit } = checked(input.backfillRunsQuery, request.query);
  const found = await listBackfillRuns(services.reader, id, after, limit);
  if (found.length === 0) await needBackfill(services, id);
  return { runs: found, next: found.length < limit ? null : (found.at(-1)?.ordinal ?? null) };
}

function requestOf(request: Request): Omit<BackfillRequest, "actor"> {
  const { dagId } = checked(input.dagParams, request.params);
  const { params, from, to, ...more } = checked(input.backfillBody, request.body ?? {});
  return { dagId, from, to, ...defined(more), ...(params && { params: params as Json }) };
}

async function create(services: WebServices, request: Request): Promise<unknown> {
  const asked = requestOf(request);
  return (await actionsOf(services)).createBackfill(services.db, {
    ...asked,
    actor: actorOf(request),
  });
}

async function preview(services: WebServices, request: Request): Promise<unknown> {
  const {
    dagId,
    schedule,
    runs: planned,
  } = await (await actionsOf(services)).previewBackfill(services.db, requestOf(request));
  return {
    ...{ dagId, schedule },
    runs: planned.map(({ ordinal, logicalDate, dataInterval, decision, reason, existing }) => ({
      ...{
        ordinal,
        logicalDate,
        dataIntervalStart: dataInterval.start,
        dataIntervalEnd: dataInterval.end,
        decision,
        reason,
      },
      run: existing ? { id: existing.id, runId: existing.runId, state: existing.state } : null,
    })),
  };
}

function moving(verb: "pause" | "resume" | "cancel", summary: string): Endpoint {
  return {
    ...{
      method: "post",
      path: `/backfills/{id}/${verb}`,
      summary,
      params: input.runParams,
      answer: done,
    },
    run: async (services, request) => {
      const { id } = checked(input.runParams, request.params);
      await (await actionsOf(services))[`${verb}Backfill`](services.db, {
        id,
        actor: actorOf(request),
      });
      return { done: true };
    },
  };
}

function clearing(path: string, summary: string, verb: "clearRuns" | "previewClear"): Endpoint {
  const isRun = path.startsWith("/runs/");
  const body = isRun ? input.clearBody : input.clearRangeBody;
  return {
    ...{
      method: "post",
      path,
      summary,
      params: isRun ? input.runParams : input.dagParams,
      body,
      answer: answer.cleared,
    },
    run: async (services, request) => {
      const selection = isRun ? clearOfRun(request) : clearOfDag(request);
      const runs = await (await actionsOf(services))[verb](services.db, {
        ...selection,
        actor: actorOf(request),
      });
      return { runs };
    },
  };
}

function clearOfRun(request: Request): ClearSelection {
  const { id } = checked(input.runParams, request.params);
  return { of: { run: id }, ...defined(checked(input.clearBody, request.body ?? {})) };
}

function clearOfDag(request: Request): ClearSelection {
  const { dagId } = checked(input.dagParams, request.params);
  const { from, to, ...more } = checked(input.clearRangeBody, request.body ?? {});
  if (from === undefined && to === undefined)
    throw new DagsmithError("INVALID_ARGUMENT", {
      argument: "from",
      reason: "say which runs: give from, to or both",
    });
  return { of: { dagId, ...defined({ from, to }) }, ...defined(more) };
}

async function mark(services: WebServices, request: Request): Promise<unknown> {
  const { id } = checked(input.runParams, request.params);
  const { state, taskId, mapIndex } = checked(input.markBody, request.body ?? {});
  const actions = await actionsOf(services);
  const of = { id, actor: actorOf(request) };
  if (taskId !== undefined)
    await actions.markTask(services.db, { ...of, taskId, to: state, ...defined({ mapIndex }) });
  else if (state !== "skipped") await actions.markRun(services.db, { ...of, to: state });
  else
    throw new DagsmithError("INVALID_ARGUMENT", {
      argument: "state",
      reason: "a run is success or failed",
    });
  return { done: true };
}

async function note(services: WebServices, request: Request): Promise<unknown> {
  const { id } = checked(input.runParams, request.params);
  await (await actionsOf(services)).noteRun(services.db, {
    id,
    ...checked(input.noteBody, request.body ?? {}),
    actor: actorOf(request),
  });
  return { done: true };
}

async function label(services: WebServices, request: Request): Promise<unknown> {
  const { id } = checked(input.runParams, request.params);
  await (await actionsOf(services)).labelRun(services.db, {
    id,
    ...checked(input.labelsBody, request.body ?? {}),
    actor: actorOf(request),
  });
  return { done: true };
}

async function audit({ reader, mask }: WebServices, request: Request): Promise<unknown> {
  const query = checked(input.auditQuery, request.query);
  const found = await listAudit(reader, query);
  const entries = found.map((entry) => ({
    ...entry,
    actor: mask(entry.actor),
    detail: maskJson(mask, entry.detail),
  }));
  return { entries, next: found.length < query.limit ? null : (found.at(-1)?.id ?? null) };
}
