/** From one page of a list to the next. Pure. */
import { DagsmithError, type Json } from "dagsmith";
import { HttpError } from "./error.ts";

/**
 * How a service names the next page of a list.
 * @typeParam Body the JSON of a page
 */
export type HttpPaging<Body = Json> =
  /** By the header `Link` with `rel="next"` (RFC 8288), as GitHub does. */
  | { readonly by: "link" }
  /** By a value in the body, sent as a parameter of the next request. */
  | {
      readonly by: "cursor";
      /** The cursor of the next page; null, undefined or an empty text after the last. */
      readonly cursor: (body: Body) => string | number | null | undefined;
      /** The name of the parameter. Default `"cursor"`. */
      readonly parameter?: string;
    }
  /** By numbers, until a page is the last. */
  | {
      readonly by: "page";
      /** Whether no page follows. Default: the body is an empty list. */
      readonly isLast?: (body: Body) => boolean;
      /** The name of the parameter. Default `"page"`. */
      readonly parameter?: string;
      /** The number of the first page. Default 1. */
      readonly first?: number;
    };

/** The address of the first page. */
export function firstPage<Body>(url: URL, paging: HttpPaging<Body>): URL {
  return paging.by === "page"
    ? withParameter(url, paging.parameter ?? "page", String(paging.first ?? 1))
    : url;
}

/**
 * The address of the page after this one; null after the last.
 * @param seen the addresses of the pages so far, this one too
 * @param url of this page
 * @throws HttpError when the service names a page again, which would never end, or names
 *   no address
 */
export function nextPage<Body>(
  seen: ReadonlySet<string>,
  url: URL,
  { headers, status }: Response,
  body: Body,
  paging: HttpPaging<Body>,
): URL | null {
  const refused = (what: string): HttpError =>
    new HttpError(`GET ${url.pathname} answered ${status} and names ${what} (${url.host})`, status);
  const next = addressOf(url, headers, body, paging);
  if (next === undefined) throw refused("a next page whose address is none");
  if (next !== null && seen.has(next.href))
    throw refused("a page that was read before as the next one");
  return next;
}

/** Null after the last page; undefined for an address that is none. */
function addressOf<Body>(
  url: URL,
  headers: Headers,
  body: Body,
  paging: HttpPaging<Body>,
): URL | null | undefined {
  if (paging.by === "link") return linked(url, headers.get("link") ?? "");
  if (paging.by === "page") return numbered(url, body, paging);
  const cursor = paging.cursor(body) ?? "";
  return cursor === "" ? null : withParameter(url, paging.parameter ?? "cursor", String(cursor));
}

function numbered<Body>(
  url: URL,
  body: Body,
  { parameter = "page", isLast = isEmptyList }: Extract<HttpPaging<Body>, { by: "page" }>,
): URL | null {
  if (isLast(body)) return null;
  return withParameter(url, parameter, String(Number(url.searchParams.get(parameter)) + 1));
}

/** Without `isLast`, only a list can say that it is empty. */
function isEmptyList(body: unknown): boolean {
  if (Array.isArray(body)) return body.length === 0;
  throw new DagsmithError("INVALID_ARGUMENT", {
    argument: "pages()",
    reason: "a page is not a list: give isLast, which says of a body whether it is the last",
  });
}

const LINK =
  /<(?<target>[^>]*)>(?<parameters>(?:\s*;\s*[\w*-]+\s*(?:=\s*(?:"[^"]*"|[^\s",;]+))?)*)/g;
const NEXT = /;\s*rel\s*=\s*(?:"(?:[^"]*\s)?next(?:\s[^"]*)?"|next\s*(?:;|$))/i;

function linked(url: URL, header: string): URL | null | undefined {
  for (const { groups: { target = "", parameters = "" } = {} } of header.matchAll(LINK))
    if (NEXT.test(parameters)) return URL.parse(withoutFragment(target), url) ?? undefined;
  return null;
}

/** A fragment would make two addresses of one page. */
const withoutFragment = (target: string): string => target.replace(/#.*/s, "");

function withParameter(url: URL, name: string, value: string): URL {
  const next = new URL(url);
  next.searchParams.set(name, value);
  return next;
}
