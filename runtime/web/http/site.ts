/** How people reach the page: by TLS or not, and what its cookies are called there. */
import type { CookieOptions, Request } from "express";
import type { WebServices } from "./services.ts";

/**
 * Whether the browser speaks TLS: to this server, to a trusted proxy, or by DAG_BASE_URL.
 */
export function isSecure({ baseUrl }: Pick<WebServices, "baseUrl">, request: Request): boolean {
  return request.secure || baseUrl?.startsWith("https:") === true;
}

/** The link with which a user sets a password, once. */
export function welcomeLink(
  services: Pick<WebServices, "baseUrl">,
  request: Request,
  secret: string,
): string {
  return `${siteAddress(services, request)}/welcome?code=${secret}`;
}

/** The address of the page for a link, without "/" at its end. */
function siteAddress(services: Pick<WebServices, "baseUrl">, request: Request): string {
  const scheme = isSecure(services, request) ? "https" : "http";
  return services.baseUrl ?? `${scheme}://${request.host}`;
}

/** A cookie of the page: what it is called, and where a browser sends it. */
export interface SiteCookie {
  readonly name: string;
  readonly options: CookieOptions;
}

/**
 * A cookie that scripts cannot read and other sites cannot send with a form. Under TLS the
 * prefix `__Host-` makes the browser refuse such a cookie from any other site; it needs
 * the path "/". Pages under two paths of one host differ in the names of their cookies.
 */
export function siteCookie(
  services: Pick<WebServices, "baseUrl" | "basePath">,
  request: Request,
  name: string,
): SiteCookie {
  const secure = isSecure(services, request);
  const own = services.basePath.replace(/[^A-Za-z0-9]+/g, "_");
  const path = secure ? "/" : services.basePath || "/";
  return {
    name: `${secure ? "__Host-" : ""}${name}${own}`,
    options: { httpOnly: true, sameSite: "lax", secure, path, encode: String },
  };
}
