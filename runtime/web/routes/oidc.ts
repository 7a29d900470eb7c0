/** Login at an OIDC provider: the way there, and the way back. */
import type { Request, Response } from "express";
import { Refused } from "../http/refused.ts";
import { Routes } from "../http/routes.ts";
import type { WebServices } from "../http/services.ts";
import { siteCookie } from "../http/site.ts";
import type { Oidc } from "../login/oidc.ts";
import { keepOidcUser } from "../login/oidc_user.ts";
import { logIn } from "../login/open_session.ts";
import { ownPath } from "./own_path.ts";

export const OIDC_CALLBACK = "/login/oidc/callback";

/** Comes back with the answer of another site, so it is not `strict`. */
const COOKIE = "dagsmith_oidc";
/** How long a login at the provider may take. */
const LOGIN_MS = 600_000;

export function oidcRoutes(services: WebServices, oidc: Oidc): Routes {
  const routes = new Routes(services);
  routes.get("/login/oidc", "public", async (request, response) => {
    const { to, secret } = await atProvider(
      services,
      oidc.begin(services.db, ownPath(request.query.next)),
    );
    const { name, options } = siteCookie(services, request, COOKIE);
    response.cookie(name, secret, { ...options, maxAge: LOGIN_MS });
    response.redirect(303, to.href);
  });
  routes.get(OIDC_CALLBACK, "public", (request, response) =>
    answer(services, oidc, request, response),
  );
  return routes;
}

async function answer(
  services: WebServices,
  oidc: Oidc,
  request: Request,
  response: Response,
): Promise<void> {
  const { name, options } = siteCookie(services, request, COOKIE);
  const secret = new RegExp(`(?:^|;\\s*)${name}=([\\w-]{43})(?:;|$)`).exec(
    request.headers.cookie ?? "",
  )?.[1];
  if (secret === undefined) throw new Refused(401, "This login did not begin in this browser.");
  response.clearCookie(name, options);
  const { search } = new URL(request.originalUrl, "http://own.invalid");
  const found = await atProvider(services, oidc.end(services.db, secret, search));
  await logIn(services, request, response, await keepOidcUser(services.db, found));
  response.redirect(303, found.next);
}

/** What the provider or the library says is for our log; it may quote what was sent. */
async function atProvider<Result>({ log }: WebServices, asked: Promise<Result>): Promise<Result> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Refused) throw error;
    log("oidc_login_failed", { error });
    throw new Refused(401, "The login at the provider failed. Try again, or ask an admin.");
  }
}
