/** The callback that sends a notification to Slack. */
import type { Callback, CallbackContext } from "dagsmith";
import { type Notification, notification } from "dagsmith/plugins/notify";
import type { SlackMessage } from "./client.ts";
import { slackHook } from "./hook.ts";

/**
 * Options of {@link slackMessage}.
 * @example const options: SlackMessageOptions = { slack: "ops", channel: "#data" };
 */
export interface SlackMessageOptions {
  /** Id of a connection of type `slack`. */
  readonly slack: string;
  /** A channel or its id. Default: that of the connection. */
  readonly channel?: string;
  /** The message to send. Default: what happened, where, why, and a link to the page. */
  readonly message?: (
    context: CallbackContext,
  ) => string | Omit<SlackMessage, "channel"> | Promise<string | Omit<SlackMessage, "channel">>;
}

/**
 * A callback that sends what happened to a Slack channel. Airflow: SlackNotifier.
 * @throws what {@link slackHook} and its client throw
 * @example dag("report", { onFailure: slackMessage({ slack: "ops" }) });
 */
export function slackMessage({ slack, channel, message }: SlackMessageOptions): Callback {
  return async function slackMessage(context) {
    const client = await context.hook(slackHook(slack));
    const made = message ? await message(context) : textOf(notification(context));
    const content = typeof made === "string" ? { text: made } : made;
    await client.send({ ...content, ...(channel !== undefined && { channel }) });
  };
}

function textOf({ subject, facts, url, isProblem }: Notification): string {
  const title = `${isProblem ? ":red_circle: " : ""}*${escaped(subject)}*`;
  const lines = facts.map(([name, value]) => `*${name}:* ${escaped(value)}`);
  return [title, ...lines, ...(url === null ? [] : [`<${url}|Open in dagsmith>`])].join("\n");
}

/** Slack reads these three as the start of a mention, a link or an entity. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
