/**
 * The address of a connection's webhook. Who knows the address can write into the
 * channel, so the address is a secret: no message repeats it.
 */
import { type Connection, connectionType, DagsmithError, type HookContext } from "dagsmith";
import { z } from "zod";

const TRY_TIMEOUT_MS = 10_000;

const shape = {
  webhook_url: z
    .string()
    .optional()
    .meta({ title: "Webhook URL", description: "The whole address.", writeOnly: true }),
  host: z.string().optional().meta({
    title: "Host",
    description: "The address in parts, in place of the URL: a name, or the whole URL.",
    writeOnly: true,
  }),
  port: z.int().min(1).max(65_535).optional().meta({ title: "Port" }),
  schema: z.string().optional().meta({ title: "Path", writeOnly: true }),
  webhook_endpoint: z
    .string()
    .optional()
    .meta({ title: "Path, as in Airflow", description: "Before the other path.", writeOnly: true }),
  protocol: z
    .enum(["https", "http"], "is neither https nor http")
    .default("https")
    .meta({ title: "Protocol" }),
};

/**
 * The fields of a webhook's address, for a connection type of one's own.
 * @example const fields = webhookFields.extend({ channel: z.string().optional() });
 */
export const webhookFields = z.object(shape);

/** The connection type `webhook`: an address that takes JSON. */
export const webhookConnection = connectionType({
  id: "webhook",
  title: "Webhook",
  description: "An address that takes JSON. Types http and https are taken too.",
  example: "webhook://hooks.example.com/services/secret",
  fields: webhookFields,
  test: (_fields, context, connection) => tryWebhook(webhookUrl(connection), context),
});

/**
 * Reads `extra.webhook_url`; or `host` as a whole URL; or `host` (name, port,
 * `extra.protocol`) with the path in `schema` or, as in Airflow, in
 * `extra.webhook_endpoint`.
 * @param defaultHost the host when the connection names none
 * @throws DagsmithError INVALID_CONNECTION
 * @example const url = webhookUrl(await connection("team"), "discord.com");
 */
export function webhookUrl(connection: Connection, defaultHost = ""): URL {
  const url = URL.parse(textOf(webhookConnection.read(connection), defaultHost));
  if (url === null || !/^https?:$/.test(url.protocol) || url.pathname === "/") {
    throw new DagsmithError("INVALID_CONNECTION", {
      id: connection.id,
      reason: "neither extra.webhook_url nor the host with its path is the URL of a webhook",
    });
  }
  return url;
}

function textOf(given: z.output<typeof webhookFields>, defaultHost: string): string {
  const { webhook_url, host = "", port, protocol, webhook_endpoint, schema } = given;
  if (webhook_url !== undefined) return webhook_url;
  const root = /^https?:\/\//.test(host)
    ? host
    : `${protocol}://${host || defaultHost}${port === undefined ? "" : `:${port}`}`;
  const path = webhook_endpoint ?? schema;
  return path === undefined ? root : `${root.replace(/\/+$/, "")}/${path.replace(/^\/+/, "")}`;
}

/**
 * Tries the server of a webhook. Any request to the address itself would post a message.
 * @throws Error without the address, when the server cannot be reached
 * @example const line = await tryWebhook(url, context);
 */
export async function tryWebhook(url: URL, { signal }: HookContext): Promise<string> {
  try {
    await fetch(url.origin, {
      ...{ method: "HEAD", redirect: "manual" },
      signal: AbortSignal.any([signal, AbortSignal.timeout(TRY_TIMEOUT_MS)]),
    });
  } catch (error) {
    const { cause, name } = error as Error;
    const reason = cause instanceof Error && "code" in cause ? String(cause.code) : name;
    throw new Error(`${url.host} could not be reached: ${reason}`);
  }
  return `${url.host} answers; the path was not tried, because that would post a message`;
}
