/**
 * The one gate before all routes: a request that it refuses reaches no route, however its
 * address is written. Public addresses are compared as they were sent. The routers behind
 * distinguish case and slashes exactly, so an address that this gate does not know as
 * public is not public anywhere.
 */
import type { Request, RequestHandler, Response } from "express";
import { callerOf, setCaller } from "../http/caller.ts";
import { Refused } from "../http/refused.ts";
import type { Registration } from "../http/routes.ts";
import type { WebServices } from "../http/services.ts";
import { findCaller } from "./credentials.ts";
import type { GuessLimit } from "./guess_limit.ts";
import { isLoopback } from "./loopback.ts";

const NO_ORIGIN =
  "The request has no token, and does not say which page it comes from. Programs send: Authorization: Bearer <token>";
const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/** @param routes all routes, with those that are public */
export function gate(
  services: WebServices,
  guesses: GuessLimit,
  routes: readonly Registration[],
): RequestHandler {
  const open = new Set(routes.flatMap(({ path, access }) => (access === "public" ? path : [])));
  const isHook = hooksIn(routes);
  return async (request, response, next) => {
    // The page of a link is for this machine only: another name in the Host header
    // belongs to a foreign site whose name resolves to this machine.
    if (services.link && !isLoopback(hostName(request)))
      throw new Refused(421, "This page answers to localhost only.");
    // They have their own secrets.
    if (isHook(request)) return next();
    if (!SAFE_METHODS.has(request.method)) refuseForeign(request, open);
    if (open.has(request.path)) return next();
    const caller = await findCaller(services, guesses, request, response);
    if (caller === undefined) return askForLogin(request, response);
    setCaller(request, caller);
    next();
  };
}

/** The addresses of webhooks begin as their route does, up to its first parameter. */
function hooksIn(routes: readonly Registration[]): (request: Request) => boolean {
  const starts = routes.flatMap(({ path, access }) =>
    access === "webhook" ? path.slice(0, path.indexOf(":")) : [],
  );
  return ({ method, path }) => method === "POST" && starts.some((start) => path.startsWith(start));
}

function hostName(request: Request): string {
  return (request.headers.host ?? "").replace(/:\d+$/, "").toLowerCase();
}

/**
 * A request that changes something must come from a page of ours, or from no page at all.
 */
function refuseForeign(request: Request, open: ReadonlySet<string>): void {
  const { origin, "sec-fetch-site": site, authorization } = request.headers;
  const isForeign =
    (site !== undefined && site !== "same-origin" && site !== "none") ||
    (origin !== undefined && !isOwn(origin, request));
  if (isForeign) throw new Refused(403, "This request comes from another site.");
  const byCookie = authorization === undefined && !open.has(request.path);
  if (byCookie && site === undefined && origin === undefined) throw new Refused(403, NO_ORIGIN);
}

function isOwn(origin: string, request: Request): boolean {
  return URL.canParse(origin) && new URL(origin).host === request.host?.toLowerCase();
}

function askForLogin(request: Request, response: Response): void {
  const isPage =
    request.method === "GET" &&
    !request.path.startsWith("/api/") &&
    request.headers.accept?.includes("text/html");
  if (!isPage) callerOf(request);
  response.redirect(303, `/login?next=${encodeURIComponent(request.originalUrl)}`);
}
