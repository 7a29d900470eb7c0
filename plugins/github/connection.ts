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

/** A GitHub App that is installed in an organisation. */
interface GithubApp {
  readonly appId: string;
  readonly privateKey: string;
  readonly installationId: number;
}

/**
 * The login of requests: a token, an app, the value of a basic Authorization header, or
 * none.
 */
export type GithubAuth =
  | { readonly token: string }
  | { readonly app: GithubApp }
  | { readonly basic: string }
  | undefined;

/**
 * `extra.token` before a GitHub App before `password`; a password with a login is basic
 * authentication. An app has `extra.app_id`, `extra.installation_id`, and its private key
 * as PEM text in `extra.private_key` or `password`.
 * @throws DagsmithError INVALID_CONNECTION for an app without all of them
 */
export function authOf(connection: Connection): GithubAuth {
  const { login, password, extra } = connection;
  if (typeof extra.token === "string" && extra.token !== "") return { token: extra.token };
  if (APP_FIELDS.some((name) => extra[name] !== undefined)) return { app: appOf(connection) };
  if (password === null) return undefined;
  return login === null
    ? { token: password }
    : { basic: `Basic ${Buffer.from(`${login}:${password}`).toString("base64")}` };
}

const APP_FIELDS = ["app_id", "installation_id", "private_key", "key_path"];

function appOf({ id, password, extra }: Connection): GithubApp {
  const privateKey = String(extra.private_key ?? password ?? "").replaceAll("\\n", "\n");
  const isWhole = extra.app_id && /^\d+$/.test(String(extra.installation_id ?? ""));
  if (!isWhole || !privateKey.includes("-----BEGIN "))
    throw new DagsmithError("INVALID_CONNECTION", {
      id,
      reason:
        "a GitHub App needs extra.app_id, extra.installation_id (a number) and its private key as PEM text in extra.private_key or password",
    });
  return { appId: String(extra.app_id), privateKey, installationId: Number(extra.installation_id) };
}
