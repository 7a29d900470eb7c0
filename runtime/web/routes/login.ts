/**
 * Login and logout. A password, or the link of a page on this machine, is exchanged for a
 * session cookie.
 */
import type { Request, Response } from "express";
import { h } from "preact";
import { needs } from "../http/access.ts";
import { requireFormToken } from "../http/authorize.ts";
import { Routes } from "../http/routes.ts";
import { isSameSecret } from "../http/same_secret.ts";
import type { WebServices } from "../http/services.ts";
import type { GuessLimit } from "../login/guess_limit.ts";
import { logIn, logOut } from "../login/open_session.ts";
import { linkUser, rightPassword } from "../login/proofs.ts";
import { auditRefusal } from "../login/refused.ts";
import { LoginPage } from "../views/frame/login.tsx";
import { readForm } from "./form.ts";
import { ownPath } from "./own_path.ts";
import { sendPlain } from "./send_page.ts";

export function loginRoutes(services: WebServices, guesses: GuessLimit): Routes {
  const routes = new Routes(services);
  routes.get("/login", "public", (request, response) =>
    sendLogin(services, response, 200, ownPath(request.query.next), null),
  );
  routes.post("/login", "public", readForm, (request, response) =>
    login(services, guesses, request, response),
  );
  if (services.link)
    routes.get("/open", "public", (request, response) =>
      openLink(services, guesses, request, response, request.query.token, "/"),
    );
  routes.post("/logout", needs("account.use"), readForm, async (request, response) => {
    requireFormToken(request);
    await logOut(services, request, response);
    response.redirect(303, "/login");
  });
  return routes;
}

async function login(
  services: WebServices,
  guesses: GuessLimit,
  request: Request,
  response: Response,
): Promise<void> {
  const { name, password, token, next } = (request.body ?? {}) as Readonly<Record<string, unknown>>;
  const path = ownPath(next);
  if (services.link) return openLink(services, guesses, request, response, token, path);
  const typed = typeof name === "string" ? name.trim().toLowerCase().slice(0, 100) : "";
  await guesses.beforePassword(request, response, typed);
  const user = await rightPassword(services, request, typed, String(password ?? ""));
  if (!user) return sendLogin(services, response, 401, path, "The name or the password is wrong.");
  guesses.afterRightPassword(request, typed);
  await logIn(services, request, response, user);
  response.redirect(303, path);
}

async function openLink(
  services: WebServices,
  guesses: GuessLimit,
  request: Request,
  response: Response,
  token: unknown,
  next: string,
): Promise<void> {
  const { link } = services;
  if (!link || typeof token !== "string" || !isSameSecret(token, link.secret)) {
    await guesses.wrongToken(request, response);
    await auditRefusal(services, request, { action: "refuse link", user: null });
    return sendLogin(services, response, 401, next, "This is not the token of the link.");
  }
  await logIn(services, request, response, await linkUser(services, link));
  response.redirect(303, next);
}

function sendLogin(
  services: WebServices,
  response: Response,
  status: number,
  next: string,
  error: string | null,
): Promise<void> {
  const byLink = services.link !== undefined;
  const page = h(LoginPage, { next, error, byLink, provider: services.oidcHost ?? null });
  return sendPlain(services, response, status, "Log in", page);
}
