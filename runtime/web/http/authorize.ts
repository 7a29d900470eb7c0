/** Decides who may change something, and which name the audit gets. */
import type { Request } from "express";
import { getHealth } from "../../store/reads/health.ts";
import type { WebActions } from "./actions.ts";
import { Refused } from "./gate.ts";
import type { WebServices } from "./services.ts";
import { sessionOf } from "./sessions.ts";

/** The name of the caller, for the audit. */
export function actorOf(request: Request): string {
  return `web ${request.ip ?? "unknown"}`;
}

/**
 * The actions for an endpoint of the API. Asks the database first: an action waits for a
 * lost database, and a client should not.
 * @throws Refused 403 when this server is read-only
 * @throws DagsmithError DATABASE_AWAY
 */
export async function actionsOfApi(services: WebServices): Promise<WebActions> {
  const actions = needActions(services);
  await getHealth(services.reader);
  return actions;
}

/**
 * The actions for a form.
 * @throws Refused 403 when this server is read-only, or the form was not made for this
 *   session
 */
export function actionsOfForm(services: WebServices, request: Request): WebActions {
  const actions = needActions(services);
  requireFormToken(services, request);
  return actions;
}

/** @throws Refused 403 when this server is read-only */
export function needActions({ actions }: WebServices): WebActions {
  if (actions) return actions;
  throw new Refused(403, "This server is read-only: nothing can be changed here.");
}

/** The token for the forms of a page; undefined when the server is read-only. */
export function formToken(services: WebServices, request: Request): string | undefined {
  return services.actions && services.sessions.formToken(sessionOf(request.headers.cookie));
}

/**
 * The token for the one form of a page. @throws Refused 403 when this server is read-only
 */
export function needFormToken(services: WebServices, request: Request): string {
  needActions(services);
  return services.sessions.formToken(sessionOf(request.headers.cookie));
}

/** @throws Refused 403 when the form was not made for this session */
export function requireFormToken({ sessions }: WebServices, request: Request): void {
  const { _form: token } = (request.body ?? {}) as { readonly _form?: unknown };
  if (sessions.isFormToken(sessionOf(request.headers.cookie), token)) return;
  throw new Refused(403, "This form is out of date. Go back, reload the page, and send it again.");
}
