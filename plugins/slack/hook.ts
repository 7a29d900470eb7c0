/** The Slack hook. */
import { defineHook } from "dagsmith";
import { SlackClient } from "./client.ts";
import { slackConnection, slackTarget } from "./connection.ts";

/**
 * A client of Slack for a connection of type `slack` or `slackwebhook`. With a `password`
 * it is a bot: the password is its token (`xoxb-…`, with the right chat:write), and
 * `extra.channel` its channel. Otherwise it is an incoming webhook, whose URL is in
 * `extra.webhook_url` or in `host`.
 * @example await (await hook(slackHook("ops"))).send({ text: "the load is done" });
 */
export const slackHook = defineHook<SlackClient>({
  types: slackConnection.ids,
  open: (connection, context) => new SlackClient(slackTarget(connection), context),
});
