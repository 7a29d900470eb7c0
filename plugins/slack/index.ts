/** dagsmith/plugins/slack: messages to Slack, by a bot or by an incoming webhook. */
import type { ConnectionType } from "dagsmith";
import { slackConnection } from "./connection.ts";

export type { SlackClient, SlackMessage } from "./client.ts";
export { slackHook } from "./hook.ts";
export { type SlackMessageOptions, slackMessage } from "./message.ts";

/** The connection types of this plugin. */
export const connectionTypes: readonly ConnectionType[] = [slackConnection];
