/** The Slack hook. */
import { type Connection, defineHook } from "dagsmith";
import { webhookUrl } from "dagsmith/plugins/notify";
import { SlackClient, type SlackTarget } from "./client.ts";

const API = "https://slack.com/api/chat.postMessage";

/**
 * A client of Slack for a connection of type `slack` or `slackwebhook`. With a `password`
 * it is a bot: the password is its token (`xoxb-…`, with the right chat:write), and
 * `extra.channel` its channel. Otherwise it is an incoming webhook, whose URL is in
 * `extra.webhook_url` or in `host`.
 * @example await (await hook(slackHook("ops"))).send({ text: "the load is done" });
 */
export const slackHook = defineHook<SlackClient>({
  types: ["slack", "slackwebhook"],
  open: (connection, context) => new SlackClient(targetOf(connection), context),
});

/** `extra.base_url` is an API of one's own, as in Airflow. */
function targetOf(connection: Connection): SlackTarget {
  const { password, extra } = connection;
  if (connection.type === "slackwebhook" || password === null || password === "")
    return { url: webhookUrl(connection, "hooks.slack.com"), token: null, channel: null };
  const root = typeof extra.base_url === "string" ? extra.base_url.replace(/\/*$/, "/") : null;
  return {
    url: new URL(root === null ? API : `${root}chat.postMessage`),
    token: password,
    channel: typeof extra.channel === "string" ? extra.channel : null,
  };
}
