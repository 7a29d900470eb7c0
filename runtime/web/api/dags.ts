/**
 * The part of the API's table that is about DAGs, with their runs and schedule decisions.
 */

import type { Request } from "express";
import type { Json } from "../../../sdk/json.ts";
import { needs, visibleTags } from "../http/access.ts";
import { actionsOfApi, actorOf } from "../http/authorize.ts";
import { checked } from "../http/input/check.ts";
import * as input from "../http/input/dags.ts";
import { defined } from "../http/input/fields.ts";
import { runsQuery } from "../http/input/runs.ts";
import type { WebServices } from "../http/services.ts";
import { maskedSpec, readDag, readDags, unknownDag } from "../read/read_dags.ts";
import { readDecisionPage } from "../read/read_decisions.ts";
import { readRuns } from "../read/read_runs.ts";
import type { Endpoint } from "./endpoint.ts";
import { shownRun } from "./runs.ts";
import { done } from "./schemas/common.ts";
import * as answer from "./schemas/dags.ts";
import * as runAnswer from "./schemas/runs.ts";

export const DAG_ENDPOINTS: readonly Endpoint[] = [
  {
    method: "get",
    path: "/dags",
    access: needs("dag.read", "listed"),
    summary: "List DAGs with their last runs",
    query: input.dagsQuery,
    answer: answer.dags,
    run: dags,
  },
  {
    method: "get",
    path: "/dags/{dagId}",
    access: needs("dag.read", "dagId"),
    summary: "Show a DAG",
    params: input.dagParams,
    answer: answer.dagDetail,
    run: dag,
  },
  {
    method: "get",
    path: "/dags/{dagId}/runs",
    access: needs("dag.read", "dagId"),
    summary: "List a DAG's runs, newest first",
    params: input.dagParams,
    query: runsQuery,
    answer: runAnswer.runs,
    run: runs,
  },
  {
    method: "post",
    path: "/dags/{dagId}/runs",
    access: needs("dag.operate", "dagId"),
    summary: "Trigger a run",
    params: input.dagParams,
    body: input.triggerBody,
    answer: runAnswer.created,
    status: 201,
    run: trigger,
  },
  {
    method: "post",
    path: "/dags/{dagId}/pause",
    access: needs("dag.operate", "dagId"),
    summary: "Pause the schedule",
    params: input.dagParams,
    answer: done,
    run: pausing("pauseDag"),
  },
  {
    method: "post",
    path: "/dags/{dagId}/unpause",
    access: needs("dag.operate", "dagId"),
    summary: "Resume the schedule",
    params: input.dagParams,
    answer: done,
    run: pausing("unpauseDag"),
  },
  {
    method: "get",
    path: "/dags/{dagId}/decisions",
    access: needs("dag.read", "dagId"),
    summary:
      "List the intervals that a DAG's schedules wait for, then their decisions, newest first",
    params: input.dagParams,
    query: input.decisionsQuery,
    answer: answer.dagDecisions,
    run: decisions,
  },
];

async function dags(services: WebServices, request: Request): Promise<unknown> {
  const { q: search, ...query } = checked(input.dagsQuery, request.query);
  const found = await readDags(services, { ...query, search, visible: visibleTags(request) });
  return { dags: found, next: found.length < query.limit ? null : (found.at(-1)?.dagId ?? null) };
}

async function dag(services: WebServices, request: Request): Promise<unknown> {
  const { dagId } = checked(input.dagParams, request.params);
  const found = await readDag(services, dagId);
  return { ...found, spec: maskedSpec(services, found.spec) };
}

async function runs(services: WebServices, request: Request): Promise<unknown> {
  const { dagId } = checked(input.dagParams, request.params);
  const query = checked(runsQuery, request.query);
  const found = await readRuns(services, { dagId, ...query });
  // An unknown DAG is an error, a DAG without runs is not.
  if (found.length === 0) await readDag(services, dagId);
  return {
    runs: found.map(shownRun),
    next: found.length < query.limit ? null : (found.at(-1)?.id ?? null),
  };
}

async function decisions(services: WebServices, request: Request): Promise<unknown> {
  const { dagId } = checked(input.dagParams, request.params);
  const query = checked(input.decisionsQuery, request.query);
  const page = await readDecisionPage(services, { dagId, ...query });
  if (!page) throw unknownDag(dagId);
  return page;
}

async function trigger(services: WebServices, request: Request): Promise<unknown> {
  const { dagId } = checked(input.dagParams, request.params);
  const { params, logicalDate } = checked(input.triggerBody, request.body ?? {});
  const actions = await actionsOfApi(services, request);
  return actions.triggerRun(services.db, {
    dagId,
    ...defined({ params: params as Json | undefined, logicalDate }),
    actor: actorOf(request),
  });
}

function pausing(verb: "pauseDag" | "unpauseDag"): Endpoint["run"] {
  return async (services, request) => {
    const { dagId } = checked(input.dagParams, request.params);
    const actions = await actionsOfApi(services, request);
    await actions[verb](services.db, { dagId, actor: actorOf(request) });
    return { done: true };
  };
}
