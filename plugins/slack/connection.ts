/** The connection type `slack`: a bot, or an incoming webhook. */
import { type Connection, connectionType } from "dagsmith";
import { tryWebhook, webhookFields, webhookUrl } from "dagsmith/plugins/notify";
import { z } from "zod";
import type { SlackTarget } from "./client.ts";

const API = "https://slack.com/api/";

const fields = z.object({
  password: z.string().optional().meta({
    title: "Token of the bot",
    description: "xoxb-…, with the right chat:write. Without one it is an incoming webhook.",
    writeOnly: true,
  }),
  channel: z
    .string()
    .optional()
    .meta({
      title: "Channel of the bot",
      description: "For messages that name none.",
      examples: ["#data"],
    }),
  base_url: z
    .string()
    .refine((text) => URL.canParse(text), "is not a URL")
    .optional()
    .meta({ title: "API", description: `Default ${API}.`, format: "uri" }),
  ...webhookFields.shape,
});

/** The connection type `slack`, and `slackwebhook` for an incoming webhook only. */
export const slackConnection = connectionType({
  id: "slack",
  aliases: ["slackwebhook"],
  title: "Slack",
  description: "A bot with a token, or an incoming webhook.",
  example: "slack://:xoxb-secret@?channel=%23data",
  fields,
  test: async (_fields, context, connection) => {
    const { url, token } = slackTarget(connection);
    return token === null ? tryWebhook(url, context) : tryBot(url, token, context.signal);
  },
});

/**
 * Where messages go. `extra.base_url` is an API of one's own, as in Airflow.
 * @throws DagsmithError INVALID_CONNECTION
 */
export function slackTarget(connection: Connection): SlackTarget {
  const { password, base_url = API, channel } = slackConnection.read(connection);
  if (connection.type === "slackwebhook" || password === undefined)
    return { url: webhookUrl(connection, "hooks.slack.com"), token: null, channel: null };
  return {
    url: new URL(`${base_url.replace(/\/*$/, "/")}chat.postMessage`),
    token: password,
    channel: channel ?? null,
  };
}

/** The API answers 200 also to a wrong token. */
async function tryBot(url: URL, token: string, signal: AbortSignal): Promise<string> {
  const headers = { authorization: `Bearer ${token}` };
  const request = { method: "POST", headers, redirect: "error" as const, signal };
  const answer = await fetch(new URL("auth.test", url), request).catch(() => null);
  if (answer === null) throw new Error(`${url.host} could not be reached`);
  const { ok, user, team, error } = (await answer.json()) as Readonly<Record<string, unknown>>;
  if (ok !== true) throw new Error(`Slack refused the token: ${String(error)}`);
  return `Slack, bot ${String(user)} of ${String(team)}`;
}
