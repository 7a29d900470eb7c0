/**
 * The address of a connection's webhook. Who knows the address can write into the
 * channel, so the address is a secret: no message repeats it.
 */
import { type Connection, DagsmithError } from "dagsmith";

/**
 * Reads `extra.webhook_url`; or `host` as a whole URL; or `host` (name, port,
 * `extra.protocol`) with the path in `schema` or, as in Airflow, in
 * `extra.webhook_endpoint`.
 * @param defaultHost the host when the connection names none
 * @throws DagsmithError INVALID_CONNECTION
 * @example const url = webhookUrl(await connection("team"), "discord.com");
 */
export function webhookUrl(connection: Connection, defaultHost = ""): URL {
  const url = URL.parse(textOf(connection, defaultHost));
  if (url === null || !/^https?:$/.test(url.protocol) || url.pathname === "/") {
    throw new DagsmithError("INVALID_CONNECTION", {
      id: connection.id,
      reason: "neither extra.webhook_url nor the host with its path is the URL of a webhook",
    });
  }
  return url;
}

function textOf({ host, port, schema, extra }: Connection, defaultHost: string): string {
  if (typeof extra.webhook_url === "string") return extra.webhook_url;
  const protocol = extra.protocol === "http" ? "http" : "https";
  const root = /^https?:\/\//.test(host ?? "")
    ? host
    : `${protocol}://${host ?? defaultHost}${port === null ? "" : `:${port}`}`;
  const path = typeof extra.webhook_endpoint === "string" ? extra.webhook_endpoint : schema;
  return path === null ? `${root}` : `${root?.replace(/\/+$/, "")}/${path.replace(/^\/+/, "")}`;
}
