/** The HTTP hook. */
import { defineHook } from "dagsmith";
import { HttpClient } from "./client.ts";
import { httpConnection, serviceOf } from "./connection.ts";

/**
 * A client of the service of a connection of type `http` or `https`: `host` (a URL or a
 * name) with `port`, `schema` as a path; a login, a bearer token or client credentials of
 * OAuth 2 on every request, and the headers in `extra.headers`.
 * @example
 * const rates = await hook(httpHook("rates"));
 * const latest = await rates.json("/v1/latest", { query: { base: "EUR" } });
 */
export const httpHook = defineHook<HttpClient>({
  types: httpConnection.ids,
  open: async (connection, context) => new HttpClient(await serviceOf(connection), context),
});
