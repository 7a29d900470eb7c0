/** Decides who may change something, and which name the audit gets. */
import type { Request } from "express";
import { type Permission, tagsWith } from "../../access/permissions.ts";
import { PERMISSION_OF } from "../../actions/permissions.ts";
import { visibleDags } from "../../store/reads/dag_tags.ts";
import { getHealth } from "../../store/reads/health.ts";
import { mayAlso } from "./access.ts";
import type { WebActions } from "./actions.ts";
import { callerOf, checkOf } from "./caller.ts";
import { Refused } from "./refused.ts";
import { isSameSecret } from "./same_secret.ts";
import type { WebServices } from "./services.ts";

/** The name of the caller, for the audit. */
export function actorOf(request: Request): string {
  return callerOf(request).actor;
}

/**
 * The actions for an endpoint of the API. Asks the database first: an action waits for a
 * lost database, and a client should not.
 * @throws Refused 403 when this server is read-only
 * @throws DagsmithError DATABASE_AWAY
 */
export async function actionsOfApi(services: WebServices, request: Request): Promise<WebActions> {
  const actions = actionsUnder(needActions(services), checkOf(request).permission);
  await getHealth(services.reader);
  return actions;
}

/**
 * The actions for a form.
 * @throws Refused 403 when this server is read-only, or the form was not made for this
 *   session
 */
export function actionsOfForm(services: WebServices, request: Request): WebActions {
  const actions = actionsUnder(needActions(services), checkOf(request).permission);
  requireFormToken(request);
  return actions;
}

/**
 * The actions that need the permission which the route was registered with. The others
 * refuse: a route must not do more than its registration says.
 */
function actionsUnder(actions: WebActions, permission: Permission): WebActions {
  const refuse = (name: string) => (): never => {
    throw new Refused(403, `The action ${name} is not allowed under the permission ${permission}.`);
  };
  const needed: Readonly<Record<string, Permission>> = PERMISSION_OF;
  const guarded = Object.entries(actions).map(
    ([name, action]) => [name, needed[name] === permission ? action : refuse(name)] as const,
  );
  return Object.fromEntries(guarded) as unknown as WebActions;
}

/** @throws Refused 403 when this server is read-only */
export function needActions({ actions }: WebServices): WebActions {
  if (actions) return actions;
  throw new Refused(403, "This server is read-only: nothing can be changed here.");
}

/**
 * Those of the DAGs that the caller may operate: the ones whose rows get boxes and
 * buttons. Empty when this server is read-only.
 */
export function operableDags(
  { actions, reader }: WebServices,
  request: Request,
  dagIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rights } = callerOf(request);
  return visibleDags(reader, actions ? dagIds : [], tagsWith(rights, "dag.operate"));
}

/** Whether the caller may operate the DAG that the page is about. */
function canOperate({ actions }: WebServices, request: Request): boolean {
  return actions !== undefined && mayAlso(request, "dag.operate");
}

/**
 * The token for the forms of a page. Undefined when there is nothing to send: the server
 * is read-only, or the caller may not operate the DAG.
 */
export function formToken(services: WebServices, request: Request): string | undefined {
  return canOperate(services, request) ? sessionToken(request) : undefined;
}

/** The form token of the session; programs that send a bearer token need none. */
export function sessionToken(request: Request): string {
  return callerOf(request).session?.formToken ?? "";
}

/**
 * The token for the one form of a page. @throws Refused 403 when this server is read-only
 */
export function needFormToken(services: WebServices, request: Request): string {
  needActions(services);
  return sessionToken(request);
}

/** @throws Refused 403 when the form was not made for this session */
export function requireFormToken(request: Request): void {
  const { session } = callerOf(request);
  // No browser sends a bearer token on its own.
  if (session === null) return;
  const { _form: token } = (request.body ?? {}) as { readonly _form?: unknown };
  if (typeof token === "string" && isSameSecret(token, session.formToken)) return;
  throw new Refused(403, "This form is out of date. Go back, reload the page, and send it again.");
}
