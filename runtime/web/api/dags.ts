/** The part of the API's table that is about DAGs, with their runs and schedule decisions. */
import type { Request } from "express";
import { DagsmithError } from "../../../sdk/errors.ts";
import type { Json } from "../../../sdk/json.ts";
import { getDag, listDags } from "../../store/reads/dags.ts";
import { listRuns } from "../../store/reads/runs.ts";
import * as input from "../http/input.ts";
import { checked } from "../http/respond.ts";
import { maskJson, type WebServices } from "../http/services.ts";
import { readDecisionPage } from "../read/read_decisions.ts";
import { actorOf } from "../routes/forms.ts";
import { actionsOf } from "./authorize.ts";
import type { Endpoint } from "./endpoint.ts";
import { shownRun } from "./runs.ts";
import { done } from "./schemas/common.ts";
import * as answer from "./schemas/dags.ts";
import * as runAnswer from "./schemas/runs.ts";

export const DAG_ENDPOINTS: readonly Endpoint[] = [
  {
    method: "get",
    path: "/dags",
    summary: "List DAGs with their last runs",
    query: input.dagsQuery,
    answer: answer.dags,
    run: dags,
  },
  {
    method: "get",
    path: "/dags/{dagId}",
    summary: "Show a DAG",
    params: input.dagParams,
    answer: answer.dagDetail,
    run: dag,
  },
  {
    method: "get",
    path: "/dags/{dagId}/runs",
    summary: "List a DAG's runs, newest first",
    params: input.dagParams,
    query: input.runsQuery,
    answer: runAnswer.runs,
    run: runs,
  },
  {
    method: "post",
    path: "/dags/{dagId}/runs",
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
    summary: "Pause the schedule",
    params: input.dagParams,
    answer: done,
    run: pausing("pauseDag"),
  },
  {
    method: "post",
    path: "/dags/{dagId}/unpause",
    summary: "Resume the schedule",
    params: input.dagParams,
    answer: done,
    run: pausing("unpauseDag"),
  },
  {
    method: "get",
    path: "/dags/{dagId}/decisions",
    summary: "List what a DAG's schedules wait for, then their decisions, newest first",
    params: input.dagParams,
    query: input.decisionsQuery,
    answer: answer.dagDecisions,
    run: decisions,
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
  if (!found)
    throw new DagsmithError("UNKNOWN_DAG", { dag: dagId, hint: "It was never deployed here." });
  return { ...found, spec: maskJson(mask, found.spec as unknown as Json) };
}

async function runs(services: WebServices, request: Request): Promise<unknown> {
  const { dagId } = checked(input.dagParams, request.params);
  const query = checked(input.runsQuery, request.query);
  const found = await listRuns(services.reader, { dagId, ...query });
  if (found.length === 0) await dag(services, request);
  return {
    runs: found.map((one) => shownRun(services, one)),
    next: found.length < query.limit ? null : (found.at(-1)?.id ?? null),
  };
}

async function decisions(services: WebServices, request: Request): Promise<unknown> {
  const { dagId } = checked(input.dagParams, request.params);
  const found = await readDecisionPage(services, {
    dagId,
    ...checked(input.decisionsQuery, request.query),
  });
  if (!found)
    throw new DagsmithError("UNKNOWN_DAG", { dag: dagId, hint: "It was never deployed here." });
  return found;
}

async function trigger(services: WebServices, request: Request): Promise<unknown> {
  const { dagId } = checked(input.dagParams, request.params);
  const { params, logicalDate } = checked(input.triggerBody, request.body ?? {});
  const actions = await actionsOf(services);
  const more = {
    ...(params === undefined ? {} : { params: params as Json }),
    ...(logicalDate === undefined ? {} : { logicalDate }),
  };
  return actions.triggerRun(services.db, { dagId, ...more, actor: actorOf(request) });
}

function pausing(verb: "pauseDag" | "unpauseDag"): Endpoint["run"] {
  return async (services, request) => {
    const { dagId } = checked(input.dagParams, request.params);
    await (await actionsOf(services))[verb](services.db, { dagId, actor: actorOf(request) });
    return { done: true };
  };
}
