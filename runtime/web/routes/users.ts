/** The users of the deployment, for admins: add, give roles, log out, remove. */
import type { Request, RequestHandler, Response } from "express";
import { h } from "preact";
import { needs } from "../http/access.ts";
import type { WebActions } from "../http/actions.ts";
import { actionsOfForm, actorOf, sessionToken } from "../http/authorize.ts";
import { newUserBody, roleBody, userParams } from "../http/input/access.ts";
import { checked } from "../http/input/check.ts";
import { onlyFormVersion, versionOf } from "../http/input/fields.ts";
import { Routes } from "../http/routes.ts";
import type { WebServices } from "../http/services.ts";
import { welcomeLink } from "../http/site.ts";
import { readUsers } from "../read/read_access.ts";
import { UsersPage } from "../views/access/users.tsx";
import { readForm, shownError } from "./form.ts";
import { sendPage } from "./send_page.ts";

const MANAGE = needs("user.edit");

/** A change of a user. @returns a link to show, if there is one */
type Change = (
  actions: WebActions,
  request: Request,
  of: { readonly name: string; readonly actor: string },
) => Promise<string | undefined>;

export function userRoutes(services: WebServices): Routes {
  const { db } = services;
  const routes = new Routes(services);
  const changing = (change: Change): RequestHandler[] => [
    readForm,
    (request, response) => act(services, request, response, change),
  ];
  routes.get("/users", MANAGE, (request, response) => users(services, request, response, {}));
  routes.post(
    "/users",
    MANAGE,
    ...changing(async (actions, request, { actor }) => {
      const { name, role, tag } = checked(newUserBody, request.body);
      await actions.addUser(db, { name, grants: [{ role, tag }], actor });
      return welcomeLink(services, request, await actions.makeLoginLink(db, { name, actor }));
    }),
  );
  routes.post(
    "/users/:name/role",
    MANAGE,
    ...changing(async (actions, request, of) => {
      const { version, ...role } = checked(roleBody, request.body);
      await actions.setRole(db, { ...of, ...role, ...versionOf({ version }) });
      return undefined;
    }),
  );
  routes.post(
    "/users/:name/link",
    MANAGE,
    ...changing(async (actions, request, of) =>
      welcomeLink(services, request, await actions.makeLoginLink(db, of)),
    ),
  );
  routes.post(
    "/users/:name/logout",
    MANAGE,
    ...changing(async (actions, _request, of) => {
      await actions.endUserSessions(db, of);
      return undefined;
    }),
  );
  for (const verb of ["disable", "enable", "remove"] as const)
    routes.post(
      `/users/:name/${verb}`,
      MANAGE,
      ...changing(async (actions, request, of) => {
        const version = versionOf(checked(onlyFormVersion, request.body));
        await actions[`${verb}User`](db, { ...of, ...version });
        return undefined;
      }),
    );
  return routes;
}

async function act(
  services: WebServices,
  request: Request,
  response: Response,
  change: Change,
): Promise<void> {
  const actions = actionsOfForm(services, request);
  // The form that adds a user has no name in its address.
  const { name } = request.params.name ? checked(userParams, request.params) : { name: "" };
  try {
    const link = await change(actions, request, { name, actor: actorOf(request) });
    if (link === undefined) return response.redirect(303, "/users");
    await users(services, request, response, { link });
  } catch (error) {
    await users(services, request, response, { error: shownError(services, error, []) });
  }
}

async function users(
  services: WebServices,
  request: Request,
  response: Response,
  shown: { readonly error?: string; readonly link?: string },
): Promise<void> {
  if (shown.error !== undefined) response.status(422);
  const formToken = sessionToken(request);
  await sendPage(services, request, response, {
    title: "Users",
    body: h(UsersPage, { users: await readUsers(services), formToken, ...shown }),
  });
}
