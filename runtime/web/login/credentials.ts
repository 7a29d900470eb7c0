/** Finds the caller of a request: by its bearer token, or by its session cookie. */
import { createHmac } from "node:crypto";
import type { Request, Response } from "express";
import { actorText } from "../../access/actor.ts";
import { ALL_RIGHTS, allows } from "../../access/permissions.ts";
import { hashOfSecret, isToken } from "../../access/token.ts";
import { findToken, touchToken } from "../../store/access/api_token.ts";
import { findSession, touchSession } from "../../store/access/web_session.ts";
import { type Caller, checkOf } from "../http/caller.ts";
import { Refused } from "../http/refused.ts";
import { isSameSecret } from "../http/same_secret.ts";
import type { WebServices } from "../http/services.ts";
import { hashesOf, sessionSecrets } from "./cookies.ts";
import type { GuessLimit } from "./guess_limit.ts";
import { auditRefusal } from "./refused.ts";

/**
 * The caller; undefined when the request has neither a token nor a live session.
 * @throws Refused 401 or 429 when its token is wrong
 */
export async function findCaller(
  services: WebServices,
  guesses: GuessLimit,
  request: Request,
  response: Response,
): Promise<Caller | undefined> {
  const caller = await provenCaller(services, request);
  if (caller || bearerOf(request) === undefined) return caller;
  await guesses.wrongToken(request, response);
  await auditRefusal(services, request, { action: "refuse token", user: null });
  throw new Refused(401, "This token is wrong, or it has expired.");
}

/**
 * Whether the caller of an open stream may no longer read it: logged out, expired, or
 * with fewer rights.
 */
export function hasLostAccess(services: WebServices, request: Request): () => Promise<boolean> {
  const { permission, tags } = checkOf(request);
  return async () => {
    const caller = await provenCaller(services, request);
    return caller === undefined || !allows(caller.rights, permission, tags);
  };
}

function provenCaller(services: WebServices, request: Request): Promise<Caller | undefined> {
  const bearer = bearerOf(request);
  return bearer === undefined
    ? findSessionCaller(services, request)
    : findTokenCaller(services, request, bearer);
}

function bearerOf(request: Request): string | undefined {
  return /^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1];
}

async function findSessionCaller(
  services: WebServices,
  request: Request,
): Promise<Caller | undefined> {
  const secrets = sessionSecrets(services, request);
  if (secrets.length === 0) return undefined;
  const session = await findSession(services.reader, hashesOf(secrets));
  const secret = secrets.find((one) => session?.hash.equals(hashOfSecret(one)));
  if (!session || secret === undefined) return undefined;
  if (session.isOld) await touchSession(services.reader, session.id);
  const { id, userId, name, grants } = session;
  return {
    actor: actorText({ user: name, from: request.ip ?? null }),
    user: { id: userId, name },
    session: { id, formToken: formTokenOf(secret) },
    rights: { grants, scopes: null },
  };
}

async function findTokenCaller(
  services: WebServices,
  request: Request,
  text: string,
): Promise<Caller | undefined> {
  const from = request.ip ?? null;
  if (services.token !== undefined && isSameSecret(text, services.token))
    return {
      actor: actorText({ user: "DAG_WEB_TOKEN", from }),
      user: null,
      session: null,
      rights: ALL_RIGHTS,
    };
  const found = isToken(text) ? await findToken(services.reader, hashOfSecret(text)) : undefined;
  if (!found) return undefined;
  if (found.isOld) await touchToken(services.reader, found.id);
  const { userId: id, name, tokenName: token, grants, scopes } = found;
  const actor = actorText({ user: name, token, from });
  return { actor, user: { id, name }, session: null, rights: { grants, scopes } };
}

/** Shows that a page of ours made a form for this session. */
function formTokenOf(secret: string): string {
  return createHmac("sha256", secret).update("form").digest("base64url");
}
