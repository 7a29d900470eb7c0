/** The API's endpoints that clear tasks: of one run, or of a DAG's runs in a range. */
import type { Request } from "express";
import { DagsmithError } from "../../../sdk/errors.ts";
import type { ClearSelection } from "../../actions/index.ts";
import { needs } from "../http/access.ts";
import { actionsOfApi, actorOf } from "../http/authorize.ts";
import { checked } from "../http/input/check.ts";
import { dagParams } from "../http/input/dags.ts";
import { defined } from "../http/input/fields.ts";
import { clearBody, clearRangeBody, runParams } from "../http/input/runs.ts";
import type { Endpoint } from "./endpoint.ts";
import { cleared } from "./schemas/clear.ts";

export const CLEAR_ENDPOINTS: readonly Endpoint[] = [
  clearing("/runs/{id}/clear", "Clear tasks of a run, so that they run again", "clearRuns"),
  clearing(
    "/runs/{id}/clear/preview",
    "List the instances that a clear would clear",
    "previewClear",
  ),
  clearing(
    "/dags/{dagId}/clear",
    "Clear tasks of a DAG's runs between two logical dates",
    "clearRuns",
  ),
  clearing(
    "/dags/{dagId}/clear/preview",
    "List the instances that such a clear would clear",
    "previewClear",
  ),
];

function clearing(path: string, summary: string, verb: "clearRuns" | "previewClear"): Endpoint {
  const isRun = path.startsWith("/runs/");
  return {
    method: "post",
    path,
    access: needs("dag.operate", isRun ? "run" : "dagId"),
    summary,
    params: isRun ? runParams : dagParams,
    body: isRun ? clearBody : clearRangeBody,
    answer: cleared,
    run: async (services, request) => {
      const selection = isRun ? clearOfRun(request) : clearOfDag(request);
      const actions = await actionsOfApi(services, request);
      return { runs: await actions[verb](services.db, { ...selection, actor: actorOf(request) }) };
    },
  };
}

function clearOfRun(request: Request): ClearSelection {
  const { id } = checked(runParams, request.params);
  return { of: { run: id }, ...defined(checked(clearBody, request.body ?? {})) };
}

function clearOfDag(request: Request): ClearSelection {
  const { dagId } = checked(dagParams, request.params);
  const { from, to, ...more } = checked(clearRangeBody, request.body ?? {});
  if (from === undefined && to === undefined)
    throw new DagsmithError("INVALID_ARGUMENT", {
      argument: "from",
      reason: "give from, to or both, so that the runs are known",
    });
  return { of: { dagId, ...defined({ from, to }) }, ...defined(more) };
}
