/** The API's endpoints about connections and variables. Values are only written. */
import type { Request } from "express";
import { parseConnection } from "../../../sdk/connection.ts";
import { DagsmithError } from "../../../sdk/errors.ts";
import { connectionVariable, variableVariable } from "../../config/environment_secrets.ts";
import { needs } from "../http/access.ts";
import { actionsOfApi, actorOf } from "../http/authorize.ts";
import { checked } from "../http/input/check.ts";
import { onlyVersion, versionOf } from "../http/input/fields.ts";
import * as input from "../http/input/secrets.ts";
import type { WebServices } from "../http/services.ts";
import { needSecrets, readConnections, readVariables } from "../read/read_secrets.ts";
import type { Endpoint } from "./endpoint.ts";
import { done } from "./schemas/common.ts";
import * as answer from "./schemas/secrets.ts";

export const SECRET_ENDPOINTS: readonly Endpoint[] = [
  {
    method: "get",
    path: "/connections",
    access: needs("connection.read"),
    summary: "List connections: where they are set, and which DAGs use them",
    answer: answer.connections,
    run: async (services) => ({ connections: (await readConnections(services)).rows }),
  },
  {
    method: "post",
    path: "/connections/{id}",
    access: needs("connection.edit"),
    summary: "Store a connection, encrypted; its fields are checked by its type",
    params: input.connectionParams,
    body: input.connectionBody,
    answer: done,
    run: setConnection,
  },
  {
    method: "post",
    path: "/connections/{id}/test",
    access: needs("connection.edit"),
    summary: "Ask the system of a connection whether it answers and takes the login",
    params: input.connectionParams,
    answer: answer.tested,
    run: testConnection,
  },
  {
    method: "post",
    path: "/connections/{id}/clear",
    access: needs("connection.edit"),
    summary: "Clear fields of a stored connection, such as a password; others stay",
    params: input.connectionParams,
    body: input.clearBody,
    answer: done,
    run: clearFields,
  },
  {
    method: "post",
    path: "/connections/{id}/delete",
    access: needs("connection.edit"),
    summary: "Delete a stored connection",
    params: input.connectionParams,
    body: onlyVersion,
    answer: done,
    run: deleteConnection,
  },
  {
    method: "get",
    path: "/variables",
    access: needs("variable.read"),
    summary: "List variables: where they are set, and which DAGs use them",
    answer: answer.variables,
    run: variables,
  },
  {
    method: "post",
    path: "/variables/{key}",
    access: needs("variable.edit"),
    summary: "Store a variable, encrypted",
    params: input.variableParams,
    body: input.variableBody,
    answer: done,
    run: setVariable,
  },
  {
    method: "post",
    path: "/variables/{key}/delete",
    access: needs("variable.edit"),
    summary: "Delete a stored variable",
    params: input.variableParams,
    body: onlyVersion,
    answer: done,
    run: deleteVariable,
  },
];

async function setConnection(services: WebServices, request: Request): Promise<unknown> {
  const { stored, types } = needSecrets(services);
  const { id } = checked(input.connectionParams, request.params);
  const { value, version } = checked(input.connectionBody, request.body ?? {});
  const connection = parseConnection(id, value);
  const actions = await actionsOfApi(services, request);
  await types.check(connection);
  const by = { actor: actorOf(request), ...versionOf({ version }) };
  await actions.setConnection(services.db, stored, connection, by);
  return { done: true };
}

async function clearFields(services: WebServices, request: Request): Promise<unknown> {
  const { stored, types } = needSecrets(services);
  const { id } = checked(input.connectionParams, request.params);
  const { fields, version } = checked(input.clearBody, request.body ?? {});
  const actions = await actionsOfApi(services, request);
  const by = { actor: actorOf(request), ...versionOf({ version }) };
  await actions.clearConnectionFields(services.db, { stored, types, id, fields, ...by });
  return { done: true };
}

async function testConnection(services: WebServices, request: Request): Promise<unknown> {
  const { types, resolver, limit } = needSecrets(services);
  const { id } = checked(input.connectionParams, request.params);
  const actions = await actionsOfApi(services, request);
  const by = { types, secrets: resolver, id, actor: actorOf(request) };
  return limit.run(() => actions.testConnection(services.db, by));
}

async function deleteConnection(services: WebServices, request: Request): Promise<unknown> {
  const { id } = checked(input.connectionParams, request.params);
  const actions = await actionsOfApi(services, request);
  const { stored } = needSecrets(services);
  if (!(await actions.deleteConnection(services.db, stored, id, byOf(request))))
    throw new DagsmithError("CONNECTION_NOT_FOUND", { id, variable: connectionVariable(id) });
  return { done: true };
}

async function variables(services: WebServices): Promise<unknown> {
  const { rows } = await readVariables(services);
  return { variables: rows.map(({ id, type: _, ...row }) => ({ key: id, ...row })) };
}

async function setVariable(services: WebServices, request: Request): Promise<unknown> {
  const { stored } = needSecrets(services);
  const { key } = checked(input.variableParams, request.params);
  const { value, version } = checked(input.variableBody, request.body ?? {});
  const actions = await actionsOfApi(services, request);
  const by = { actor: actorOf(request), ...versionOf({ version }) };
  await actions.setVariable(services.db, stored, key, value, by);
  return { done: true };
}

async function deleteVariable(services: WebServices, request: Request): Promise<unknown> {
  const { key } = checked(input.variableParams, request.params);
  const actions = await actionsOfApi(services, request);
  if (!(await actions.deleteVariable(services.db, key, byOf(request))))
    throw new DagsmithError("VARIABLE_NOT_FOUND", { key, variable: variableVariable(key) });
  return { done: true };
}

/** Who deletes, and which version was read. */
const byOf = (request: Request) => ({
  actor: actorOf(request),
  ...versionOf(checked(onlyVersion, request.body ?? {})),
});
