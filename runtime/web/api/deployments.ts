/**
 * The API's endpoints about deployments: deploying from another machine, rollback and
 * promotion.
 */
import type { Request } from "express";
import { comingFolder } from "../../actions/receive_deployment.ts";
import { CHUNK_BYTES } from "../../actions/sent_deployment.ts";
import { needs } from "../http/access.ts";
import { actionsOfApi, actorOf } from "../http/authorize.ts";
import { checked } from "../http/input/check.ts";
import * as input from "../http/input/deployments.ts";
import { defined } from "../http/input/fields.ts";
import type { WebServices } from "../http/services.ts";
import { readDeployments } from "../read/read_deployments.ts";
import type { Endpoint } from "./endpoint.ts";
import * as answer from "./schemas/deployments.ts";

/** Specs of 1,000 DAGs with 50 tasks each have about 15 MiB. */
const DEPLOYMENT_LIMIT = "32mb";

export const DEPLOYMENT_ENDPOINTS: readonly Endpoint[] = [
  {
    method: "get",
    path: "/deployments",
    access: needs("dag.deploy"),
    summary: "List deployments, rollbacks and promotions, newest first",
    query: input.deploymentsQuery,
    answer: answer.deployments,
    run: deployments,
  },
  {
    method: "post",
    path: "/deployments",
    access: needs("dag.deploy"),
    summary: "Deploy what another machine has bundled, or learn which chunks are missing",
    body: input.deploymentBody,
    limit: DEPLOYMENT_LIMIT,
    answer: answer.received,
    run: deploy,
  },
  {
    method: "post",
    path: "/deployments/preview",
    access: needs("dag.deploy"),
    summary: "Tell what a deployment would change; it changes nothing",
    body: input.deploymentBody,
    limit: DEPLOYMENT_LIMIT,
    answer: answer.preview,
    run: preview,
  },
  {
    method: "post",
    path: "/deployments/chunks",
    access: needs("dag.deploy"),
    summary: "Send a chunk of a deployment: its bytes, at most 1 MiB",
    bytes: CHUNK_BYTES,
    answer: answer.chunk,
    status: 201,
    run: chunk,
  },
  {
    method: "post",
    path: "/deployments/rollback",
    access: needs("dag.deploy"),
    summary: "Go back to an earlier deployment: all DAGs get the versions of then",
    body: input.restoreBody,
    answer: answer.restored,
    run: restoring("rollbackDeployment"),
  },
  {
    method: "post",
    path: "/deployments/promote",
    access: needs("dag.deploy"),
    summary: "Make the newest deployment, or another one, current again",
    body: input.restoreBody,
    answer: answer.restored,
    run: restoring("promoteDeployment"),
  },
  {
    method: "post",
    path: "/dags/{dagId}/rollback",
    access: needs("dag.deploy"),
    summary: "Make an earlier version of a DAG current",
    params: input.dagParams,
    body: input.pointBody,
    answer: answer.pointed,
    run: pointing("rollbackDag"),
  },
  {
    method: "post",
    path: "/dags/{dagId}/promote",
    access: needs("dag.deploy"),
    summary: "Make the newest version of a DAG, or another one, current",
    params: input.dagParams,
    body: input.pointBody,
    answer: answer.pointed,
    run: pointing("promoteDag"),
  },
];

async function deployments(services: WebServices, request: Request): Promise<unknown> {
  const { before, limit } = checked(input.deploymentsQuery, request.query);
  const found = await readDeployments(services, before, limit);
  return { deployments: found, next: found.length < limit ? null : (found.at(-1)?.id ?? null) };
}

async function deploy(services: WebServices, request: Request): Promise<unknown> {
  const sent = defined(checked(input.deploymentBody, request.body ?? {}));
  const actions = await actionsOfApi(services, request);
  return actions.receiveDeployment(services.db, { sent, actor: actorOf(request) });
}

async function preview(services: WebServices, request: Request): Promise<unknown> {
  const sent = defined(checked(input.deploymentBody, request.body ?? {}));
  const actions = await actionsOfApi(services, request);
  return actions.previewDeployment(services.db, comingFolder(sent));
}

async function chunk(services: WebServices, request: Request): Promise<unknown> {
  const content = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const actions = await actionsOfApi(services, request);
  const hash = await actions.storeDeploymentChunk(services.db, {
    ...{ content, actor: actorOf(request) },
  });
  return { hash };
}

function restoring(verb: "rollbackDeployment" | "promoteDeployment"): Endpoint["run"] {
  return async (services, request) => {
    const { deployment: name, reason } = checked(input.restoreBody, request.body ?? {});
    const actions = await actionsOfApi(services, request);
    const which = name === undefined ? undefined : { name };
    const asked = { ...defined({ which, reason }), actor: actorOf(request) };
    return actions[verb](services.db, asked);
  };
}

function pointing(verb: "rollbackDag" | "promoteDag"): Endpoint["run"] {
  return async (services, request) => {
    const { dagId } = checked(input.dagParams, request.params);
    const { version, reason } = checked(input.pointBody, request.body ?? {});
    const actions = await actionsOfApi(services, request);
    const asked = { dagId, ...defined({ version, reason }), actor: actorOf(request) };
    return { dagId, version: await actions[verb](services.db, asked) };
  };
}
