/** The API's endpoints about backfills. */

import type { Request } from "express";
import type { Json } from "../../../sdk/json.ts";
import type { BackfillRequest } from "../../actions/index.ts";
import { needs } from "../http/access.ts";
import type { WebActions } from "../http/actions.ts";
import { actionsOfApi, actorOf } from "../http/authorize.ts";
import * as input from "../http/input/backfills.ts";
import { checked } from "../http/input/check.ts";
import { dagParams } from "../http/input/dags.ts";
import { defined } from "../http/input/fields.ts";
import type { WebServices } from "../http/services.ts";
import { readBackfill, readBackfillRuns, readBackfills } from "../read/read_backfills.ts";
import type { Endpoint } from "./endpoint.ts";
import * as answer from "./schemas/backfills.ts";
import { done } from "./schemas/common.ts";

export const BACKFILL_ENDPOINTS: readonly Endpoint[] = [
  {
    method: "get",
    path: "/dags/{dagId}/backfills",
    access: needs("dag.read", "dagId"),
    summary: "List a DAG's backfills with their progress, newest first",
    params: dagParams,
    query: input.backfillsQuery,
    answer: answer.backfills,
    run: backfills,
  },
  {
    method: "post",
    path: "/dags/{dagId}/backfills",
    access: needs("dag.operate", "dagId"),
    summary: "Create a backfill: runs over a range of a DAG's schedule",
    params: dagParams,
    body: input.backfillBody,
    answer: answer.createdBackfill,
    status: 201,
    run: create,
  },
  {
    method: "post",
    path: "/dags/{dagId}/backfills/preview",
    access: needs("dag.operate", "dagId"),
    summary: "List the runs of a backfill without creating it",
    params: dagParams,
    body: input.backfillBody,
    answer: answer.backfillPreview,
    run: preview,
  },
  {
    method: "get",
    path: "/backfills/{id}",
    access: needs("dag.read", "backfill"),
    summary: "Show a backfill",
    params: input.backfillParams,
    answer: answer.backfill,
    run: backfill,
  },
  {
    method: "get",
    path: "/backfills/{id}/runs",
    access: needs("dag.read", "backfill"),
    summary: "List the planned runs of a backfill, in their order",
    params: input.backfillParams,
    query: input.backfillRunsQuery,
    answer: answer.backfillRuns,
    run: runs,
  },
  moving("pause", "Pause a backfill: no further run of it starts"),
  moving("resume", "Resume a paused backfill"),
  moving("cancel", "Cancel a backfill; running runs finish"),
];

async function backfills(services: WebServices, request: Request): Promise<unknown> {
  const { dagId } = checked(dagParams, request.params);
  const { limit } = checked(input.backfillsQuery, request.query);
  return { backfills: await readBackfills(services, dagId, limit) };
}

function backfill(services: WebServices, request: Request): Promise<unknown> {
  return readBackfill(services, checked(input.backfillParams, request.params).id);
}

async function runs(services: WebServices, request: Request): Promise<unknown> {
  const { id } = checked(input.backfillParams, request.params);
  const query = checked(input.backfillRunsQuery, request.query);
  const found = await readBackfillRuns(services, id, query);
  // An unknown backfill is an error, the end of the list is not.
  if (found.length === 0) await readBackfill(services, id);
  return {
    runs: found,
    next: found.length < query.limit ? null : (found.at(-1)?.ordinal ?? null),
  };
}

function requestOf(request: Request): Omit<BackfillRequest, "actor"> {
  const { dagId } = checked(dagParams, request.params);
  const { params, from, to, ...more } = checked(input.backfillBody, request.body ?? {});
  return { dagId, from, to, ...defined(more), ...(params && { params: params as Json }) };
}

async function create(services: WebServices, request: Request): Promise<unknown> {
  const asked = requestOf(request);
  const actions = await actionsOfApi(services, request);
  return actions.createBackfill(services.db, { ...asked, actor: actorOf(request) });
}

async function preview(services: WebServices, request: Request): Promise<unknown> {
  const asked = requestOf(request);
  const actions = await actionsOfApi(services, request);
  const { dagId, schedule, runs: planned } = await actions.previewBackfill(services.db, asked);
  return { dagId, schedule, runs: planned.map(shownPlan) };
}

type PlannedRun = Awaited<ReturnType<WebActions["previewBackfill"]>>["runs"][number];

function shownPlan({ dataInterval, existing, ...run }: PlannedRun): unknown {
  const { ordinal, logicalDate, decision, reason } = run;
  return {
    ...{ ordinal, logicalDate, decision, reason },
    dataIntervalStart: dataInterval.start,
    dataIntervalEnd: dataInterval.end,
    run: existing ? { id: existing.id, runId: existing.runId, state: existing.state } : null,
  };
}

function moving(verb: "pause" | "resume" | "cancel", summary: string): Endpoint {
  return {
    method: "post",
    path: `/backfills/{id}/${verb}`,
    access: needs("dag.operate", "backfill"),
    summary,
    params: input.backfillParams,
    answer: done,
    run: async (services, request) => {
      const { id } = checked(input.backfillParams, request.params);
      const actions = await actionsOfApi(services, request);
      await actions[`${verb}Backfill`](services.db, { id, actor: actorOf(request) });
      return { done: true };
    },
  };
}
