/**
 * The path under which people reach the page, `/some/path` of `DAG_BASE_URL`. Routes,
 * views and redirects know nothing of it: it is taken off each request and put in front of
 * each address that leaves, here and nowhere else.
 */
import type { RequestListener } from "node:http";
import type { RequestHandler } from "express";

/** Without "/" at its end; empty when the page has a host of its own. */
export function basePathOf(baseUrl: string | null): string {
  return baseUrl === null ? "" : new URL(baseUrl).pathname.replace(/\/+$/, "");
}

/**
 * Takes the base path off the address of a request. An address without it is left as it
 * is: some proxies take it off themselves.
 */
export function withoutBasePath(basePath: string, handler: RequestListener): RequestListener {
  if (basePath === "") return handler;
  return (request, response) => {
    const { url = "/" } = request;
    const rest = url.slice(basePath.length);
    if (url.startsWith(basePath) && /^(?:[/?]|$)/.test(rest))
      request.url = rest.startsWith("/") ? rest : `/${rest}`;
    handler(request, response);
  };
}

/** Puts the base path in front of redirects to addresses of this page. */
export function redirectsUnder(basePath: string): RequestHandler {
  return (_request, response, next) => {
    const location = response.location.bind(response);
    response.location = (url) => location(url.startsWith("/") ? basePath + url : url);
    next();
  };
}

/** Whole tags, so that nothing in a text is taken for an address. */
const TAG = /<[a-z][\w-]*(?:\s+[\w:-]+(?:="[^"]*")?)*\s*\/?>/g;
const ADDRESS = /(\s(?:href|action|src|data-stream)=")\/(?!\/)/g;

/** Puts the base path in front of the addresses in a page. */
export function htmlUnder(basePath: string, html: string): string {
  if (basePath === "") return html;
  return html.replace(TAG, (tag) => tag.replace(ADDRESS, `$1${basePath}/`));
}
