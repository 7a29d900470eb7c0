/** The webhook of a `discord` connection. Who has its URL can write into the channel, so the URL is a secret: no message repeats it. */
import { type Connection, DagsmithError } from "dagsmith";

/**
 * `extra.webhook_url`; or `host` as a whole URL; or `host` (name, port, `extra.protocol`) with the path in `schema` or, as Airflow has it,
 * in `extra.webhook_endpoint`.
 * @throws DagsmithError INVALID_CONNECTION
 */
export function webhookUrl(connection: Connection): URL {
  const url = URL.parse(textOf(connection));
  if (url === null || !/^https?:$/.test(url.protocol) || url.pathname === "/") {
    throw new DagsmithError("INVALID_CONNECTION", {
      id: connection.id,
      reason: "neither extra.webhook_url nor the host with its path is the URL of a webhook",
    });
  }
  return url;
}

function textOf({ host, port, schema, extra }: Connection): string {
  if (typeof extra.webhook_url === "string") return extra.webhook_url;
  const protocol = extra.protocol === "http" ? "http" : "https";
  const root = /^https?:\/\//.test(host ?? "")
    ? host
    : `${protocol}://${host ?? "discord.com"}${port === null ? "" : `:${port}`}`;
  const path = typeof extra.webhook_endpoint === "string" ? extra.webhook_endpoint : schema;
  return path === null ? `${root}` : `${root?.replace(/\/+$/, "")}/${path.replace(/^\/+/, "")}`;
}
