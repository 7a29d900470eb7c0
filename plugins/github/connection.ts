/**
 * The address and the login of a `github` connection. In a file of its own because it is
 * pure, and because no message may show a token.
 */
import { type Connection, DagsmithError } from "dagsmith";

const DEFAULT_BASE_URL = "https://api.github.com";

/**
 * The root of the API, without a slash at its end: `extra.base_url`, else `host` (a URL
 * or a host name, with `port` and `extra.protocol`), else GitHub itself. A GitHub
 * Enterprise Server needs its whole root, such as `https://github.example.com/api/v3`.
 * @throws DagsmithError INVALID_CONNECTION
 */
export function baseUrl({ id, host, port, extra }: Connection): string {
  const text = typeof extra.base_url === "string" ? extra.base_url : host;
  if (text === null) return DEFAULT_BASE_URL;
  const url = URL.parse(
    /^https?:\/\//.test(text) ? text : `${extra.protocol === "http" ? "http" : "https"}://${text}`,
  );
  if (url === null)
    throw new DagsmithError("INVALID_CONNECTION", {
      id,
      reason: "the host is neither a host name nor an http(s) URL",
    });
  if (port !== null && url.port === "") url.port = String(port);
  // A login in the URL would appear in log lines and errors; it belongs into the
  // connection's own fields.
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
}

/** The login of requests: a token, the value of a basic Authorization header, or none. */
export type GithubAuth = { readonly token: string } | { readonly basic: string } | undefined;

/** `extra.token` before `password`; a password with a login is basic authentication. */
export function authOf({ login, password, extra }: Connection): GithubAuth {
  if (typeof extra.token === "string" && extra.token !== "") return { token: extra.token };
  if (password === null) return undefined;
  return login === null
    ? { token: password }
    : { basic: `Basic ${Buffer.from(`${login}:${password}`).toString("base64")}` };
}
