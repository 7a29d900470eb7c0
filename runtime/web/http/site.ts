/** How people reach the page: by TLS or not. */
import type { Request } from "express";
import type { WebServices } from "./services.ts";

/**
 * Whether the browser speaks TLS: to this server, to a trusted proxy, or by DAG_BASE_URL.
 */
export function isSecure({ baseUrl }: Pick<WebServices, "baseUrl">, request: Request): boolean {
  return request.secure || baseUrl?.startsWith("https:") === true;
}

/** The address of the page for a link, without "/" at its end. */
export function siteAddress(services: Pick<WebServices, "baseUrl">, request: Request): string {
  const scheme = isSecure(services, request) ? "https" : "http";
  return services.baseUrl ?? `${scheme}://${request.host}`;
}
