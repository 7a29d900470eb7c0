/**
 * The cookie of a session: 256 random bits that scripts cannot read and other sites
 * cannot send with a form. Links from other sites, such as those in messages, do send it.
 */
import type { CookieOptions, Request, Response } from "express";
import { hashOfSecret } from "../../access/token.ts";
import { SESSION_DAYS } from "../../store/access/web_session.ts";

const SECRET = /^[\w-]{43}$/;
/** Most cookies of the name that are tried. */
const MOST_TRIED = 8;

/**
 * Browsers send the cookies of a host to all its ports, so the name has the port: two
 * pages on one machine keep their sessions apart. Under TLS the prefix `__Host-` makes
 * the browser refuse such a cookie from any other site.
 */
function cookieName(request: Request, isSecure: boolean): string {
  const port = /:(\d+)$/.exec(request.host ?? "")?.[1];
  return `${isSecure ? "__Host-" : ""}dagsmith${port === undefined ? "" : `_${port}`}`;
}

/**
 * The secrets of all cookies of the name. Another page of the host can set one more
 * cookie of this name, which must not hide ours.
 */
export function sessionSecrets(request: Request, isSecure: boolean): readonly string[] {
  const name = cookieName(request, isSecure);
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
  request: Request,
  response: Response,
  secret: string,
  isSecure: boolean,
): void {
  const maxAge = SESSION_DAYS * 86_400_000;
  response.cookie(cookieName(request, isSecure), secret, { ...options(isSecure), maxAge });
}

export function clearSessionCookie(request: Request, response: Response, isSecure: boolean): void {
  response.clearCookie(cookieName(request, isSecure), options(isSecure));
}

function options(secure: boolean): CookieOptions {
  return { httpOnly: true, sameSite: "lax", secure, path: "/", encode: String };
}
