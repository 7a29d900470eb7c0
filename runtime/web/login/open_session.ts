/** Opens and ends the session of a browser. */
import type { Request, Response } from "express";
import { actorText } from "../../access/actor.ts";
import { hashOfSecret, newSecret } from "../../access/token.ts";
import { audit } from "../../store/access/audit.ts";
import { endSession, openSession } from "../../store/access/web_session.ts";
import { callerOf } from "../http/caller.ts";
import { Refused } from "../http/refused.ts";
import type { WebServices } from "../http/services.ts";
import { clearSessionCookie, setSessionCookie } from "./cookies.ts";

/** Most characters of a browser's name that a session keeps. */
const BROWSER_LENGTH = 200;

/** Logs a user in: a new session, and its cookie. @throws Refused 403 for a disabled user */
export async function logIn(
  services: WebServices,
  request: Request,
  response: Response,
  user: { readonly id: number; readonly name: string },
): Promise<void> {
  const secret = newSecret();
  const address = request.ip ?? "unknown";
  await services.db.transaction(async (tx) => {
    const isOpen = await openSession(tx, {
      hash: hashOfSecret(secret),
      userId: user.id,
      address,
      browser: (request.get("User-Agent") ?? "unknown").slice(0, BROWSER_LENGTH),
    });
    if (!isOpen) throw new Refused(403, "Your account is disabled. Ask an admin.");
    await audit(tx, { actor: actorText({ user: user.name, from: address }), action: "log in" });
  });
  setSessionCookie(services, request, response, secret);
}

/** Logs the caller out: the session ends in every process. */
export async function logOut(
  services: WebServices,
  request: Request,
  response: Response,
): Promise<void> {
  const { user, session, actor } = callerOf(request);
  if (user && session) {
    await endSession(services.db, session.id, user.id);
    await audit(services.db, { actor, action: "log out" });
  }
  clearSessionCookie(services, request, response);
}
