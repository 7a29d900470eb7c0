/** How answers are sent: pages in their frame, refusals in words, nothing of an error's inside. */
import { createHash } from "node:crypto";
import type { ErrorRequestHandler, Request, Response } from "express";
import type { ZodType } from "zod";
import { DagsmithError, type ErrorCode, isDagsmithError } from "../../../sdk/errors.ts";
import { fingerprint } from "../../store/reads/changes.ts";
import { getHealth } from "../../store/reads/health.ts";
import { parseTopic } from "../live/watchers.ts";
import { LogoutButton } from "../views/parts/logout.tsx";
import { type Frame, NONCE, renderPage } from "../views/parts/page.tsx";
import { ErrorPage } from "../views/parts/plain.tsx";
import { Refused } from "./gate.ts";
import type { WebServices } from "./services.ts";
import { sessionOf } from "./sessions.ts";

/** Statuses of errors that people can do something about. Every other error is ours: 500. */
const STATUS: Readonly<Partial<Record<ErrorCode, number>>> = {
  UNKNOWN_DAG: 404,
  UNKNOWN_RUN: 404,
  UNKNOWN_TASK: 404,
  UNKNOWN_INSTANCE: 404,
  UNKNOWN_ASSET: 404,
  UNKNOWN_POOL: 404,
  INVALID_PARAMS: 422,
  OUTPUT_TOO_LARGE: 422,
  WEBHOOK_REFUSED: 401,
  INVALID_WEBHOOK_BODY: 400,
  WEBHOOK_KEY_REUSED: 409,
  INVALID_DATE: 422,
  INVALID_ARGUMENT: 400,
  RUN_EXISTS: 409,
  RUN_FINISHED: 409,
  TASK_NOT_ACTIVE: 409,
  UNKNOWN_BACKFILL: 404,
  UNKNOWN_SCHEDULE: 422,
  BACKFILL_NO_SCHEDULE: 422,
  BACKFILL_BACKWARDS: 422,
  BACKFILL_DEPENDS_ON_PAST: 422,
  BACKFILL_IN_FUTURE: 422,
  BACKFILL_RANGE: 422,
  BACKFILL_EMPTY: 422,
  BACKFILL_TOO_LARGE: 422,
  INVALID_LABEL: 422,
  BACKFILL_ACTIVE: 409,
  BACKFILL_ENDED: 409,
  NOTHING_TO_CLEAR: 409,
  CLEAR_RUNNING: 409,
  RUN_RUNNING: 409,
  DATABASE_AWAY: 503,
};

/** Checks input. @throws DagsmithError INVALID_ARGUMENT naming the first field that is wrong */
export function checked<Value>(schema: ZodType<Value>, input: unknown): Value {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new DagsmithError("INVALID_ARGUMENT", {
    argument: issue?.path.join(".") || "request",
    reason: issue?.message ?? "not understood",
  });
}

/** The token for forms; undefined when the page only shows. */
export function formToken(services: WebServices, request: Request): string | undefined {
  return services.actions && services.sessions.formToken(sessionOf(request.headers.cookie));
}

/** @throws Refused 403 when a form was not made by a page of ours for this session */
export function requireFormToken(services: WebServices, request: Request): void {
  const { _form: token } = (request.body ?? {}) as { readonly _form?: unknown };
  if (services.sessions.isFormToken(sessionOf(request.headers.cookie), token)) return;
  throw new Refused(403, "This form is out of date. Go back, reload the page, and send it again.");
}

/** The fingerprint of what a page is about to read. Taken first, so that a change in between is seen as one. */
export function markOf(services: WebServices, topic: string): Promise<string> {
  const parsed = parseTopic(topic);
  return parsed ? fingerprint(services.reader, parsed) : Promise.resolve("");
}

/** Sends a page. A script that asks again with the page's ETag is told when nothing changed. */
export async function sendPage(
  services: WebServices,
  request: Request,
  response: Response,
  page: Pick<Frame, "title" | "body"> & Partial<Pick<Frame, "live">>,
): Promise<void> {
  const health = await getHealth(services.reader);
  const html = renderPage({
    ...page,
    health,
    notice: services.notice,
    logout: logoutOf(services, request),
  });
  const etag = `"${createHash("sha256").update(html).digest("base64url")}"`;
  response.set("ETag", etag);
  if (request.get("X-Live") === "1" && request.get("If-None-Match") === etag)
    return void response.status(304).end();
  sendHtml(response, html);
}

function logoutOf(services: WebServices, request: Request): Frame["logout"] {
  const token = services.sessions.formToken(sessionOf(request.headers.cookie));
  return services.sessions.areRequired ? LogoutButton({ token }) : undefined;
}

/** Sends a page that needs no database. */
export function sendPlain(
  response: Response,
  status: number,
  title: string,
  body: Frame["body"],
): void {
  response.status(status);
  sendHtml(response, renderPage({ title, body, notice: undefined, logout: undefined }));
}

function sendHtml(response: Response, html: string): void {
  response
    .set("Cache-Control", "no-store")
    .type("html")
    .send(html.replace(NONCE, String(response.locals.nonce)));
}

/** The last handler: words for people, JSON for programs, the rest into our log. */
export function answerError(services: Pick<WebServices, "log" | "mask">): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const { status, message, code } = described(error, services.mask);
    if (status >= 500)
      services.log.error(
        { err: error, method: request.method, path: request.path },
        "a request failed",
      );
    if (response.headersSent) return next(error);
    if (status === 503) response.set("Retry-After", "5");
    if (/^\/(?:api|hooks)\//.test(request.path))
      return void response.status(status).json({ error: { code, message } });
    sendPlain(response, status, String(status), ErrorPage({ status, message }));
  };
}

interface Described {
  readonly status: number;
  readonly message: string;
  readonly code: string;
}

function described(error: unknown, mask: (text: string) => string): Described {
  if (error instanceof Refused)
    return { status: error.status, message: error.message, code: "REFUSED" };
  if (isDagsmithError(error)) {
    const status = STATUS[error.code] ?? 500;
    return status === 500 ? ours() : { status, message: mask(error.message), code: error.code };
  }
  // body-parser and the router say what is wrong with a request by a status below 500.
  const status =
    error instanceof Error && "status" in error && typeof error.status === "number"
      ? error.status
      : 500;
  return status >= 400 && status < 500
    ? { status, message: SAID[status] ?? "The request is not understood.", code: "REFUSED" }
    : ours();
}

function ours(): Described {
  return {
    status: 500,
    message: "Something went wrong here. The server's log says what.",
    code: "INTERNAL",
  };
}

const SAID: Readonly<Record<number, string>> = {
  413: "The request is too large.",
  415: "The request has a type or encoding that is not understood.",
};
