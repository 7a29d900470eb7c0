/** The API's endpoints about users and their tokens, for admins. */
import type { Request } from "express";
import { needs } from "../http/access.ts";
import { actionsOfApi, actorOf } from "../http/authorize.ts";
import { checked } from "../http/input/check.ts";
import { onlyVersion, versionOf } from "../http/input/fields.ts";
import * as input from "../http/input/users.ts";
import type { WebServices } from "../http/services.ts";
import { welcomeLink } from "../http/site.ts";
import { readTokens, readUsers } from "../read/read_access.ts";
import type { Endpoint } from "./endpoint.ts";
import { done } from "./schemas/common.ts";
import * as answer from "./schemas/users.ts";

const access = needs("user.edit");
const params = input.userParams;

const SUMMARIES = {
  disable: "Keep a user out; sessions end, and tokens are refused",
  enable: "Let a disabled user in again",
  remove: "Remove a user with sessions and tokens",
} as const;

export const USER_ENDPOINTS: readonly Endpoint[] = [
  {
    ...{ method: "get", path: "/users", access, answer: answer.users, run: users },
    summary: "List users and their roles",
  },
  {
    ...{ method: "post", path: "/users", access, body: input.newUser, status: 201 },
    ...{ answer: answer.link, run: addUser },
    summary: "Add a user, and make the link with which the user sets a password",
  },
  {
    ...{ method: "post", path: "/users/{name}/role", access, params, body: input.newRole },
    ...{ answer: done, run: setRole },
    summary: "Give a user a role for all DAGs or for a tag, or take it away",
  },
  {
    ...{ method: "post", path: "/users/{name}/link", access, params },
    ...{ answer: answer.link, run: makeLink },
    summary: "Make a link with which a user sets a new password",
  },
  {
    ...{ method: "post", path: "/users/{name}/logout", access, params },
    ...{ answer: answer.ended, run: logout },
    summary: "End all sessions of a user",
  },
  ...(["disable", "enable", "remove"] as const).map(
    (verb): Endpoint => ({
      ...{ method: "post", path: `/users/{name}/${verb}`, access, params, answer: done },
      body: onlyVersion,
      summary: SUMMARIES[verb],
      run: (services, request) => change(services, request, verb),
    }),
  ),
  {
    ...{ method: "get", path: "/users/{name}/tokens", access, params },
    ...{ answer: answer.tokens, run: tokens },
    summary: "List the API tokens of a user",
  },
  {
    ...{ method: "post", path: "/users/{name}/tokens", access, params, body: input.newToken },
    ...{ status: 201, answer: answer.created, run: createToken },
    summary: "Create an API token of a user",
  },
  {
    ...{ method: "post", path: "/users/{name}/tokens/{token}/revoke", access },
    ...{ params: input.userTokenParams, answer: done, run: revokeToken },
    summary: "Revoke an API token",
  },
];

async function users(services: WebServices): Promise<unknown> {
  const found = await readUsers(services);
  return { users: found.map(({ id: _, grants: roles, ...user }) => ({ ...user, roles })) };
}

/** The user of the address, and who acts. */
function of(request: Request): { readonly name: string; readonly actor: string } {
  return { ...checked(params, request.params), actor: actorOf(request) };
}

async function addUser(services: WebServices, request: Request): Promise<unknown> {
  const { name, roles } = checked(input.newUser, request.body ?? {});
  const actions = await actionsOfApi(services, request);
  const actor = actorOf(request);
  await actions.addUser(services.db, { name, grants: roles, actor });
  const secret = await actions.makeLoginLink(services.db, { name, actor });
  return { link: welcomeLink(services, request, secret) };
}

async function setRole(services: WebServices, request: Request): Promise<unknown> {
  const { version, ...role } = checked(input.newRole, request.body ?? {});
  const actions = await actionsOfApi(services, request);
  await actions.setRole(services.db, { ...of(request), ...role, ...versionOf({ version }) });
  return { done: true };
}

async function makeLink(services: WebServices, request: Request): Promise<unknown> {
  const actions = await actionsOfApi(services, request);
  const secret = await actions.makeLoginLink(services.db, of(request));
  return { link: welcomeLink(services, request, secret) };
}

async function logout(services: WebServices, request: Request): Promise<unknown> {
  const actions = await actionsOfApi(services, request);
  return { sessions: await actions.endUserSessions(services.db, of(request)) };
}

async function change(
  services: WebServices,
  request: Request,
  verb: "disable" | "enable" | "remove",
): Promise<unknown> {
  const actions = await actionsOfApi(services, request);
  const version = versionOf(checked(onlyVersion, request.body ?? {}));
  await actions[`${verb}User`](services.db, { ...of(request), ...version });
  return { done: true };
}

async function tokens(services: WebServices, request: Request): Promise<unknown> {
  const found = await readTokens(services, of(request).name);
  return { tokens: found.map(({ id: _, ...token }) => token) };
}

async function createToken(services: WebServices, request: Request): Promise<unknown> {
  const asked = checked(input.newToken, request.body ?? {});
  const { name: user, actor } = of(request);
  const actions = await actionsOfApi(services, request);
  return { token: await actions.createUserToken(services.db, { ...asked, user, actor }) };
}

async function revokeToken(services: WebServices, request: Request): Promise<unknown> {
  const { name: user, token: name } = checked(input.userTokenParams, request.params);
  const actions = await actionsOfApi(services, request);
  await actions.revokeUserToken(services.db, { user, name, actor: actorOf(request) });
  return { done: true };
}
