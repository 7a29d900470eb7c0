/**
 * The connection type `http`: the address of a service, and the headers of its login. No
 * message shows a secret.
 */
import { type Connection, connectionType } from "dagsmith";
import { z } from "zod";
import { HttpClient } from "./client.ts";
import { HttpError } from "./error.ts";

const NO_HOST = "is neither a host name nor an http(s) URL";

const fields = z.object({
  host: z
    .string(NO_HOST)
    .refine((host) => URL.canParse(isUrl(host) ? host : `http://${host}`), NO_HOST)
    .meta({ title: "Host", description: "A name, or a whole URL." }),
  port: z.int().min(1).max(65_535).optional().meta({ title: "Port" }),
  schema: z
    .string()
    .optional()
    .meta({ title: "Path", description: "As in Airflow, http or https mean the protocol." }),
  login: z.string().optional().meta({ title: "Login", description: "Of basic authentication." }),
  password: z.string().optional().meta({ title: "Password", writeOnly: true }),
  token: z
    .string()
    .optional()
    .meta({ title: "Bearer token", description: "In place of a login.", writeOnly: true }),
  headers: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .optional()
    .meta({ title: "Headers", description: "Sent with every request.", writeOnly: true }),
});

/** The connection type `http`, and `https` for the same over TLS. */
export const httpConnection = connectionType({
  id: "http",
  aliases: ["https"],
  title: "HTTP service",
  description: "The type https is the same over TLS.",
  example: "https://user:secret@api.example.com/v1",
  fields,
  test: async (_fields, context, connection) => {
    const root = baseUrl(connection);
    const client = new HttpClient(root, headersOf(connection), context);
    return `${new URL(root).host} answered ${await statusOf(client)}`;
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
 * basic authentication.
 * @throws DagsmithError INVALID_CONNECTION
 */
export function headersOf(connection: Connection): Readonly<Record<string, string>> {
  const { login, password, token, headers: given = {} } = httpConnection.read(connection);
  const headers = Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name.toLowerCase(), String(value)]),
  );
  if (token !== undefined) return { authorization: `Bearer ${token}`, ...headers };
  if (login === undefined && password === undefined) return headers;
  return {
    authorization: `Basic ${Buffer.from(`${login ?? ""}:${password ?? ""}`).toString("base64")}`,
    ...headers,
  };
}

const isUrl = (text: string): boolean => /^https?:\/\//.test(text);
