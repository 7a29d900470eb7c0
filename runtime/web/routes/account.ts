/** The account of the caller: roles, password, sessions and API tokens. */
import type { Request, Response } from "express";
import { h } from "preact";
import { needs } from "../http/access.ts";
import { actionsOfForm, sessionToken } from "../http/authorize.ts";
import { type Caller, callerOf } from "../http/caller.ts";
import { newTokenBody, passwordBody, sessionParams, tokenParams } from "../http/input/access.ts";
import { checked } from "../http/input/check.ts";
import { formBody } from "../http/input/fields.ts";
import { Refused } from "../http/refused.ts";
import { Routes } from "../http/routes.ts";
import type { WebServices } from "../http/services.ts";
import type { GuessLimit } from "../login/guess_limit.ts";
import { rightPassword } from "../login/proofs.ts";
import { readAccount } from "../read/read_access.ts";
import { AccountPage } from "../views/access/account.tsx";
import { readForm, shownError } from "./form.ts";
import { sendPage } from "./send_page.ts";

const OWN = needs("account.use");

export function accountRoutes(services: WebServices, guesses: GuessLimit): Routes {
  const routes = new Routes(services);
  routes.get("/account", OWN, (request, response) => account(services, request, response, {}));
  routes.post("/account/password", OWN, readForm, (request, response) =>
    changePassword(services, guesses, request, response),
  );
  routes.post("/account/tokens", OWN, readForm, (request, response) =>
    createToken(services, request, response),
  );
  routes.post("/account/tokens/:name/revoke", OWN, readForm, async (request, response) => {
    const actions = actionsOfForm(services, request);
    const { name } = checked(tokenParams, request.params);
    const { user, actor } = ownerOf(request);
    await actions.revokeToken(services.db, { user: user.name, name, actor });
    response.redirect(303, "/account");
  });
  routes.post("/account/sessions/:id/end", OWN, readForm, async (request, response) => {
    const actions = actionsOfForm(services, request);
    const { id } = checked(sessionParams, request.params);
    const { user, actor } = ownerOf(request);
    await actions.endSession(services.db, { id, userId: user.id, actor });
    response.redirect(303, "/account");
  });
  routes.post("/account/sessions/end", OWN, readForm, async (request, response) => {
    const actions = actionsOfForm(services, request);
    const { user, session, actor } = ownerOf(request);
    await actions.endSessions(services.db, {
      userId: user.id,
      except: session?.id ?? null,
      actor,
    });
    response.redirect(303, "/account");
  });
  return routes;
}

/** What the page says after a form was sent. */
interface Shown {
  readonly error?: string;
  /** A token that was just created; it is shown this once. */
  readonly token?: string;
}

async function account(
  services: WebServices,
  request: Request,
  response: Response,
  shown: Shown,
): Promise<void> {
  const { user, session } = ownerOf(request);
  const view = await readAccount(services, user.name);
  if (!view) throw new Refused(404, "This user was removed.");
  if (shown.error !== undefined) response.status(422);
  const formToken = sessionToken(request);
  await sendPage(services, request, response, {
    title: "Account",
    body: h(AccountPage, { ...view, ...shown, formToken, current: session?.id ?? null }),
  });
}

async function createToken(
  services: WebServices,
  request: Request,
  response: Response,
): Promise<void> {
  const actions = actionsOfForm(services, request);
  const { user, session, actor } = ownerOf(request);
  const sent = checked(formBody, request.body);
  try {
    const asked = { ...checked(newTokenBody, sent), user: user.name, actor };
    // A token must not make another that may do more, or lives longer.
    if (session === null) throw new Refused(403, "Only a user who is logged in makes tokens.");
    const token = await actions.createToken(services.db, asked);
    await account(services, request, response, { token });
  } catch (error) {
    const message = shownError(services, error, []);
    await account(services, request, response, { error: message });
  }
}

async function changePassword(
  services: WebServices,
  guesses: GuessLimit,
  request: Request,
  response: Response,
): Promise<void> {
  const actions = actionsOfForm(services, request);
  const { user, session, actor } = ownerOf(request);
  const { current, password, again } = checked(passwordBody, request.body);
  const refuse = (error: string): Promise<void> => account(services, request, response, { error });
  if (password !== again) return refuse("The two passwords are not the same.");
  await guesses.beforePassword(request, response, user.name);
  if (!(await rightPassword(services, request, user.name, current)))
    return refuse("The current password is wrong.");
  guesses.afterRightPassword(request, user.name);
  try {
    const change = { userId: user.id, password, sessionId: session?.id ?? null, actor };
    await actions.changePassword(services.db, change);
    response.redirect(303, "/account");
  } catch (error) {
    await refuse(shownError(services, error, []));
  }
}

/** @throws Refused 403 for the token of the deployment, which is no user */
function ownerOf(request: Request): Caller & { readonly user: NonNullable<Caller["user"]> } {
  const caller = callerOf(request);
  const { user } = caller;
  if (user) return { ...caller, user };
  throw new Refused(403, "DAG_WEB_TOKEN has no account: log in as a user.");
}
