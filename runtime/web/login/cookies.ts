/**
 * The cookie of a session: 256 random bits. Links from other sites, such as those in
 * messages, do send it.
 */
import type { Request, Response } from "express";
import { hashOfSecret } from "../../access/token.ts";
import { SESSION_DAYS } from "../../store/access/web_session.ts";
import type { WebServices } from "../http/services.ts";
import { type SiteCookie, siteCookie } from "../http/site.ts";

const SECRET = /^[\w-]{43}$/;
/** Most cookies of the name that are tried. */
const MOST_TRIED = 8;

type Site = Pick<WebServices, "baseUrl" | "basePath">;

/**
 * Browsers send the cookies of a host to all its ports, so the name has the port: two
 * pages on one machine keep their sessions apart.
 */
function cookieOf(site: Site, request: Request): SiteCookie {
  const port = /:(\d+)$/.exec(request.host ?? "")?.[1];
  return siteCookie(site, request, `dagsmith${port === undefined ? "" : `_${port}`}`);
}

/**
 * The secrets of all cookies of the name. Another page of the host can set one more
 * cookie of this name, which must not hide ours.
 */
export function sessionSecrets(site: Site, request: Request): readonly string[] {
  const { name } = cookieOf(site, request);
  const values = (request.headers.cookie ?? "").split(";").flatMap((pair) => {
    const at = pair.indexOf("=");
    return at > 0 && pair.slice(0, at).trim() === name ? [pair.slice(at + 1).trim()] : [];
  });
  return values.filter((value) => SECRET.test(value)).slice(0, MOST_TRIED);
}

export function hashesOf(secrets: readonly string[]): readonly Buffer[] {
  return secrets.map(hashOfSecret);
}

export function setSessionCookie(
  site: Site,
  request: Request,
  response: Response,
  secret: string,
): void {
  const { name, options } = cookieOf(site, request);
  response.cookie(name, secret, { ...options, maxAge: SESSION_DAYS * 86_400_000 });
}

export function clearSessionCookie(site: Site, request: Request, response: Response): void {
  const { name, options } = cookieOf(site, request);
  response.clearCookie(name, options);
}
