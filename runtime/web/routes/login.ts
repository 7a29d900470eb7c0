/**
 * Login and logout. The token is exchanged for a session cookie that scripts cannot read
 * and other sites cannot send.
 */
import type { CookieOptions, Request, Response } from "express";
import { h } from "preact";
import { needs } from "../http/access.ts";
import { requireFormToken } from "../http/authorize.ts";
import type { GuessLimit } from "../http/gate.ts";
import { Routes } from "../http/routes.ts";
import type { WebServices } from "../http/services.ts";
import { SESSION_COOKIE, sessionOf } from "../http/sessions.ts";
import { LoginPage } from "../views/parts/plain.tsx";
import { readForm } from "./form.ts";
import { sendPlain } from "./send_page.ts";

export function loginRoutes(services: WebServices, guesses: GuessLimit): Routes {
  const routes = new Routes(services);
  routes.get("/login", "public", (request, response) =>
    sendLogin(services, response, 200, ownPath(request.query.next), null),
  );
  routes.post("/login", "public", readForm, (request, response) =>
    login(services, guesses, request, response),
  );
  routes.post("/logout", needs("account.use"), readForm, (request, response) =>
    logout(services, request, response),
  );
  return routes;
}

async function login(
  services: WebServices,
  guesses: GuessLimit,
  request: Request,
  response: Response,
): Promise<void> {
  const { token, next } = (request.body ?? {}) as Readonly<Record<string, unknown>>;
  await guesses.check(request);
  if (typeof token === "string" && services.sessions.isToken(token)) {
    response.cookie(SESSION_COOKIE, services.sessions.issue(), cookieOptions(request));
    return response.redirect(303, ownPath(next));
  }
  await guesses.countWrong(request, response);
  await sendLogin(services, response, 401, ownPath(next), "This is not the token.");
}

function logout(services: WebServices, request: Request, response: Response): void {
  requireFormToken(services, request);
  services.sessions.end(sessionOf(request.headers.cookie) ?? "");
  response.clearCookie(SESSION_COOKIE, cookieOptions(request));
  response.redirect(303, "/login");
}

function sendLogin(
  services: WebServices,
  response: Response,
  status: number,
  next: string,
  error: string | null,
): Promise<void> {
  return sendPlain(
    services,
    response,
    status,
    "Log in",
    h(LoginPage, { token: services.sessions.formToken(undefined), next, error }),
  );
}

/** Behind a proxy with TLS the browser must send the cookie over TLS only. */
function cookieOptions(request: Request): CookieOptions {
  const secure = request.secure || request.get("X-Forwarded-Proto") === "https";
  return { httpOnly: true, sameSite: "strict", secure, path: "/", encode: String };
}

/**
 * A path on this site. With any other address, a link could send people to another site
 * after they log in.
 */
function ownPath(next: unknown): string {
  if (typeof next !== "string" || !next.startsWith("/") || next.length > 2_000) return "/";
  const base = "http://own.invalid";
  const url = URL.canParse(next, base) ? new URL(next, base) : undefined;
  return url?.origin === base && !url.pathname.startsWith("//") ? url.pathname + url.search : "/";
}
