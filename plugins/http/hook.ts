/** The HTTP hook. */
import { defineHook } from "dagsmith";
import { HttpClient } from "./client.ts";
import { baseUrl, headersOf, httpConnection } from "./connection.ts";

/**
 * A client of the service of a connection of type `http` or `https`: `host` (a URL or a
 * name) with `port`, `schema` as a path; login and password or `extra.token` (bearer) on
 * every request, and the headers in `extra.headers`.
 * @example
 * const rates = await hook(httpHook("rates"));
 * const latest = await rates.json("/v1/latest", { query: { base: "EUR" } });
 */
export const httpHook = defineHook<HttpClient>({
  types: httpConnection.ids,
  open: (connection, context) =>
    new HttpClient(baseUrl(connection), headersOf(connection), context),
});
