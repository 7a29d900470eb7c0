/**
 * The one gate before all routes: a request that it refuses reaches no route, however its
 * address is written. Public addresses are compared as they were sent. The routers behind
 * distinguish case and slashes exactly, so an address that this gate does not know as
 * public is not public anywhere.
 */
import type { Request, RequestHandler, Response } from "express";
import { type RateLimitRequestHandler, rateLimit } from "express-rate-limit";
import { ALL_RIGHTS } from "../../access/permissions.ts";
import { setCaller } from "./caller.ts";
import { Refused } from "./refused.ts";
import type { Registration } from "./routes.ts";
import { type Sessions, sessionOf } from "./sessions.ts";

/** The webhooks' addresses, which the page's login does not guard. */
export const HOOKS = "/hooks";
const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

const ATTEMPTS = 10;
const ATTEMPTS_WINDOW_MS = 15 * 60_000;

/** Whether only programs on this machine can reach the address. */
export function isLoopback(host: string): boolean {
  return (
    host === "localhost" || host === "::1" || host === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(host)
  );
}

/**
 * Wrong guesses of the token, counted by address. After too many, right guesses are
 * refused too; otherwise guessing would still pay.
 */
export class GuessLimit {
  readonly #limiter: RateLimitRequestHandler = rateLimit({
    windowMs: ATTEMPTS_WINDOW_MS,
    limit: ATTEMPTS,
    standardHeaders: true,
    legacyHeaders: false,
    handler: (_request, _response, next) => next(tooMany()),
  });

  /** @throws Refused 429 */
  async check(request: Request): Promise<void> {
    const hits = await this.#limiter.getKey(addressOf(request));
    if ((hits?.totalHits ?? 0) >= ATTEMPTS) throw tooMany();
  }

  async countWrong(request: Request, response: Response): Promise<void> {
    await this.#limiter(request, response, () => undefined);
  }
}

function addressOf(request: Request): string {
  return request.ip ?? "unknown";
}

function tooMany(): Refused {
  return new Refused(429, "Too many wrong tokens from this address. Wait a quarter of an hour.");
}

/**
 * The gate.
 * @param localOnly no token protects the server, so it is for this machine only: another
 *   name in the Host header belongs to a foreign site whose name resolves to this machine
 */
export function gate(
  sessions: Sessions,
  guesses: GuessLimit,
  routes: readonly Registration[],
  localOnly: boolean,
): RequestHandler {
  const open = new Set(routes.flatMap(({ path, access }) => (access === "public" ? path : [])));
  return async (request, response, next) => {
    if (localOnly && !isLoopback(hostName(request)))
      throw new Refused(421, "This page answers to localhost only.");
    // They have their own secrets.
    if (isHook(request)) return next();
    if (!SAFE_METHODS.has(request.method)) refuseForeign(request, sessions);
    if (await isLoggedIn(request, response, sessions, guesses, open)) {
      setCaller(request, { name: `web ${request.ip ?? "unknown"}`, rights: ALL_RIGHTS });
      return next();
    }
    if (open.has(request.path)) return next();
    askForLogin(request, response);
  };
}

async function isLoggedIn(
  request: Request,
  response: Response,
  sessions: Sessions,
  guesses: GuessLimit,
  open: ReadonlySet<string>,
): Promise<boolean> {
  if (!sessions.areRequired) return true;
  if (open.has(request.path)) return false;
  return (
    (await hasBearer(request, response, sessions, guesses)) ||
    sessions.isValid(sessionOf(request.headers.cookie))
  );
}

function isHook({ method, path }: Request): boolean {
  return method === "POST" && path.startsWith(`${HOOKS}/`);
}

function hostName(request: Request): string {
  return (request.headers.host ?? "").replace(/:\d+$/, "").toLowerCase();
}

/**
 * A request that changes something must come from a page of ours, or from no page at all.
 */
function refuseForeign(request: Request, sessions: Sessions): void {
  const { origin, "sec-fetch-site": site, authorization } = request.headers;
  const isForeign =
    (site !== undefined && site !== "same-origin" && site !== "none") ||
    (origin !== undefined && !isOwn(origin, request));
  if (isForeign) throw new Refused(403, "This request comes from another site.");
  const byCookie = sessions.areRequired && authorization === undefined && request.path !== "/login";
  if (byCookie && site === undefined && origin === undefined)
    throw new Refused(403, "The browser does not say where this request comes from.");
}

function isOwn(origin: string, request: Request): boolean {
  return URL.canParse(origin) && new URL(origin).host === request.headers.host?.toLowerCase();
}

async function hasBearer(
  request: Request,
  response: Response,
  sessions: Sessions,
  guesses: GuessLimit,
): Promise<boolean> {
  const token = /^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1];
  if (token === undefined) return false;
  await guesses.check(request);
  if (sessions.isToken(token)) return true;
  await guesses.countWrong(request, response);
  return false;
}

function askForLogin(request: Request, response: Response): void {
  const isPage =
    request.method === "GET" &&
    !request.path.startsWith("/api/") &&
    request.headers.accept?.includes("text/html");
  if (!isPage)
    throw new Refused(401, "Log in, or send the token as: Authorization: Bearer <token>");
  response.redirect(303, `/login?next=${encodeURIComponent(request.originalUrl)}`);
}
