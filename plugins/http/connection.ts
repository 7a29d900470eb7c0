/**
 * The connection type `http`: the address of a service, its login, and its certificates.
 * No message shows a secret.
 */
import { type Connection, connectionType, FailTask, withCode } from "dagsmith";
import { certificatesOf } from "./certificates.ts";
import { HttpClient } from "./client.ts";
import { HttpError } from "./error.ts";
import { httpFields, isUrl } from "./fields.ts";
import type { HttpService, TokenSource } from "./service.ts";

/** The connection type `http`, and `https` for the same over TLS. */
export const httpConnection = connectionType({
  id: "http",
  aliases: ["https"],
  title: "HTTP service",
  description: "The type https is the same over TLS.",
  example: "https://user:secret@api.example.com/v1",
  fields: httpFields,
  test: async (_fields, context, connection) => {
    const service = await serviceOf(connection);
    const client = new HttpClient(service, context);
    return `${new URL(service.root).host} answered ${await statusOf(client)}`;
  },
});

/** Many a service has nothing at its root, and answers 404 to a login that is right. */
async function statusOf(client: HttpClient): Promise<number> {
  try {
    return (await client.request("GET", "", { retries: 0 })).status;
  } catch (error) {
    if (error instanceof HttpError && error.status === 404) return error.status;
    throw error;
  }
}

/**
 * The service with its login.
 * @throws DagsmithError INVALID_CONNECTION; FailTask for certificates that cannot be used
 */
export async function serviceOf(connection: Connection): Promise<HttpService> {
  const fields = httpConnection.read(connection);
  const root = baseUrl(connection);
  const tls = await certificatesOf(fields);
  if (tls !== null && !root.startsWith("https:"))
    throw withCode(
      "INVALID_CONNECTION",
      new FailTask(
        `The connection "${connection.id}" has certificates, but its address ${new URL(root).origin} is not https`,
      ),
    );
  return { root, headers: headersOf(connection), tls, token: tokenSource(connection) };
}

/**
 * The root to which paths are appended, without a slash at its end. `host` is a URL or a
 * host name. The protocol is the connection's type, or its schema when that is `http` or
 * `https` (Airflow's convention); any other schema is a path.
 * @throws DagsmithError INVALID_CONNECTION
 */
export function baseUrl(connection: Connection): string {
  const { host, port, schema = "" } = httpConnection.read(connection);
  const isProtocol = schema === "http" || schema === "https";
  const url = new URL(isUrl(host) ? host : `${isProtocol ? schema : connection.type}://${host}`);
  if (port !== undefined && url.port === "") url.port = String(port);
  const path = schema === "" || isProtocol ? "" : `/${schema}`;
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}${path}`.replace(/\/+$/, "");
}

/**
 * `extra.headers`, and the login: `extra.token` as bearer, else login and password as
 * basic authentication. With a `login_url` they are for that only.
 * @throws DagsmithError INVALID_CONNECTION
 */
export function headersOf(connection: Connection): Readonly<Record<string, string>> {
  const fields = httpConnection.read(connection);
  const { login, password, token, login_url, headers: given = {} } = fields;
  const headers = Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name.toLowerCase(), String(value)]),
  );
  if (login_url !== undefined) return headers;
  if (token !== undefined) return { authorization: `Bearer ${token}`, ...headers };
  if (login === undefined && password === undefined) return headers;
  return {
    authorization: `Basic ${Buffer.from(`${login ?? ""}:${password ?? ""}`).toString("base64")}`,
    ...headers,
  };
}

function tokenSource(connection: Connection): TokenSource | null {
  const { login, password, login_url, scope, audience, login_in_body } =
    httpConnection.read(connection);
  if (login_url === undefined) return null;
  return {
    ...{ url: new URL(login_url), clientId: login ?? "", clientSecret: password ?? "" },
    form: { ...(scope && { scope }), ...(audience && { audience }) },
    secretIn: login_in_body ? "body" : "header",
  };
}
