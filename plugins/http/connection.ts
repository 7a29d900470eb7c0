/**
 * The address of an `http` or `https` connection, and the headers of its login. Pure; no
 * message shows a secret.
 */
import { type Connection, DagsmithError } from "dagsmith";

/**
 * The root to which paths are appended, without a slash at its end. `host` is a URL or a
 * host name. The protocol is the connection's type, or its schema when that is `http` or
 * `https` (Airflow's convention); any other schema is a path.
 * @throws DagsmithError INVALID_CONNECTION
 */
export function baseUrl({ id, type, host, port, schema }: Connection): string {
  const isProtocol = schema === "http" || schema === "https";
  const text = /^https?:\/\//.test(host ?? "") ? host : `${isProtocol ? schema : type}://${host}`;
  const url = host === null ? null : URL.parse(text ?? "");
  if (url === null)
    throw new DagsmithError("INVALID_CONNECTION", {
      id,
      reason: "the host is neither a host name nor an http(s) URL",
    });
  if (port !== null && url.port === "") url.port = String(port);
  const path = schema === null || isProtocol ? "" : `/${schema}`;
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}${path}`.replace(/\/+$/, "");
}

/**
 * `extra.headers`, and the login: `extra.token` as bearer, else login and password as
 * basic authentication.
 */
export function headersOf({
  login,
  password,
  extra,
}: Connection): Readonly<Record<string, string>> {
  const given =
    typeof extra.headers === "object" && extra.headers !== null
      ? Object.entries(extra.headers)
      : [];
  const headers = Object.fromEntries(
    given.map(([name, value]) => [name.toLowerCase(), String(value)]),
  );
  if (typeof extra.token === "string")
    return { authorization: `Bearer ${extra.token}`, ...headers };
  if (login === null && password === null) return headers;
  return {
    authorization: `Basic ${Buffer.from(`${login ?? ""}:${password ?? ""}`).toString("base64")}`,
    ...headers,
  };
}
