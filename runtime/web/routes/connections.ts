/** The pages of connections: which there are, and a form for each type. */
import type { Request, Response } from "express";
import { h } from "preact";
import type { Connection } from "../../../sdk/connection.ts";
import type { Json } from "../../../sdk/json.ts";
import type { DescribedType } from "../../connections/connection_types.ts";
import {
  clearableFields,
  edited,
  formSchema,
  secretFields,
  shownValues,
} from "../../connections/edit.ts";
import { mayAlso, needs } from "../http/access.ts";
import { actionsOfForm, actorOf, needFormToken, sessionToken } from "../http/authorize.ts";
import { checked } from "../http/input/check.ts";
import { formBody, onlyFormVersion, versionOf } from "../http/input/fields.ts";
import { connectionForm, connectionParams, newConnectionQuery } from "../http/input/secrets.ts";
import { Refused } from "../http/refused.ts";
import { Routes } from "../http/routes.ts";
import type { WebServices } from "../http/services.ts";
import { paramFields } from "../params/param_fields.ts";
import { sentParams } from "../params/sent_params.ts";
import { needSecrets, readConnections } from "../read/read_secrets.ts";
import { ConnectionForm, TypeChoice } from "../views/secrets/connection_form.tsx";
import { ConnectionsPage } from "../views/secrets/connections.tsx";
import { readForm, type Sent, shownError } from "./form.ts";
import { sendPage } from "./send_page.ts";
import { setupPlaces } from "./setup_places.ts";

const EDIT = needs("connection.edit");

export function connectionRoutes(services: WebServices): Routes {
  const routes = new Routes(services);
  routes.get("/connections", needs("connection.read"), (request, response) =>
    list(services, request, response),
  );
  routes.get("/new/connection", EDIT, (request, response) => create(services, request, response));
  routes.get("/connections/:id", EDIT, (request, response) =>
    form(services, request, response, {}),
  );
  routes.post("/connections", EDIT, readForm, (request, response) =>
    save(services, request, response),
  );
  routes.post("/connections/:id/test", EDIT, readForm, (request, response) =>
    test(services, request, response),
  );
  routes.post("/connections/:id/delete", EDIT, readForm, (request, response) =>
    remove(services, request, response),
  );
  return routes;
}

const noConnection = (): Refused => new Refused(404, "There is no such connection here.");

async function list(services: WebServices, request: Request, response: Response): Promise<void> {
  const mayEdit = services.actions !== undefined && mayAlso(request, "connection.edit");
  const places = setupPlaces(services, request);
  await sendPage(services, request, response, {
    title: "Connections",
    body: h(ConnectionsPage, { list: await readConnections(services), mayEdit, places }),
  });
}

/** What the form shows of an attempt. */
interface Attempt {
  readonly sent?: Sent;
  readonly problems?: Readonly<Record<string, string>>;
  readonly error?: string;
  readonly result?: { readonly ok: boolean; readonly line: string };
}

async function create(services: WebServices, request: Request, response: Response): Promise<void> {
  const { type } = checked(newConnectionQuery, request.query);
  const { types, problems } = await needSecrets(services).types.list();
  if (type !== null) return showForm(services, request, response, null, type, {});
  await sendPage(services, request, response, {
    title: "New connection",
    body: h(TypeChoice, { types, problems }),
  });
}

/** The form of a stored connection. */
async function form(
  services: WebServices,
  request: Request,
  response: Response,
  attempt: Attempt,
): Promise<void> {
  const { id } = checked(connectionParams, request.params);
  const stored = await needSecrets(services).stored.connection(id);
  if (!stored) throw noConnection();
  await showForm(services, request, response, stored, stored.type, attempt);
}

async function showForm(
  services: WebServices,
  request: Request,
  response: Response,
  stored: Connection | null,
  type: string,
  { sent = {}, problems = {}, error, result }: Attempt,
): Promise<void> {
  const described = await typeOf(services, type);
  const row = (await readConnections(services)).rows.find(
    ({ id, source }) => id === stored?.id && source === "database",
  );
  const fields = described && fieldsFor(described, stored);
  if (error !== undefined) response.status(422);
  await sendPage(services, request, response, {
    title: stored ? `Connection ${stored.id}` : "New connection",
    body: h(ConnectionForm, {
      ...{ id: stored?.id ?? null, type, described, row, error, result, problems },
      fields: fields ?? [],
      clearable: described && stored ? clearableFields(described, stored) : [],
      sent: described ? withoutSecrets(described, sent) : {},
      token: services.actions ? needFormToken(services, request) : sessionToken(request),
    }),
  });
}

async function typeOf(services: WebServices, type: string): Promise<DescribedType | undefined> {
  const { types } = await needSecrets(services).types.list();
  return types.find(({ ids }) => ids.includes(type));
}

function fieldsFor(described: DescribedType, stored: Connection | null) {
  const values = stored ? shownValues(described, stored) : {};
  return paramFields(formSchema(described, stored !== null), values);
}

/** A secret that was typed is not sent back, also when the form is shown again. */
function withoutSecrets(described: DescribedType, sent: Sent): Sent {
  const hidden = secretFields(described).map((name) => `p:${name}`);
  return Object.fromEntries(Object.entries(sent).filter(([name]) => !hidden.includes(name)));
}

async function save(services: WebServices, request: Request, response: Response): Promise<void> {
  const actions = actionsOfForm(services, request);
  const { stored: secrets, types } = needSecrets(services);
  const sent = checked(formBody, request.body);
  const { id, type, version, clear } = checked(connectionForm, sent);
  const stored = version ? await secrets.connection(id) : null;
  const refuse = (error: string, problems = {}): Promise<void> =>
    showForm(services, request, response, stored, type, { sent, problems, error });
  const described = await typeOf(services, type);
  if (!described) throw new Refused(422, "No package describes this type of connection.");
  const { params, problems } = sentParams(fieldsFor(described, stored), sent);
  if (Object.keys(problems).length > 0) return refuse("Some fields need another value.", problems);
  try {
    const values = params as Readonly<Record<string, Json>>;
    const cleared = clear.split("\n");
    const connection = edited({ id, type }, described, values, { stored, cleared });
    await types.check(connection);
    const by = { actor: actorOf(request), ...versionOf({ version }) };
    await actions.setConnection(services.db, secrets, connection, by);
    response.redirect(303, `/connections/${id}`);
  } catch (error) {
    await refuse(shownError(services, error, []));
  }
}

async function test(services: WebServices, request: Request, response: Response): Promise<void> {
  const actions = actionsOfForm(services, request);
  const { types, resolver, limit } = needSecrets(services);
  const { id } = checked(connectionParams, request.params);
  const by = { types, secrets: resolver, id, actor: actorOf(request) };
  try {
    const result = await limit.run(() => actions.testConnection(services.db, by));
    await form(services, request, response, { result });
  } catch (error) {
    await form(services, request, response, { error: shownError(services, error, []) });
  }
}

async function remove(services: WebServices, request: Request, response: Response): Promise<void> {
  const actions = actionsOfForm(services, request);
  const { id } = checked(connectionParams, request.params);
  const { stored } = needSecrets(services);
  const by = { actor: actorOf(request), ...versionOf(checked(onlyFormVersion, request.body)) };
  try {
    if (!(await actions.deleteConnection(services.db, stored, id, by))) throw noConnection();
    response.redirect(303, "/connections");
  } catch (error) {
    // Without a row there is no form to show the error above.
    if (!(await stored.editableConnection(id))) throw error;
    await form(services, request, response, { error: shownError(services, error, []) });
  }
}
