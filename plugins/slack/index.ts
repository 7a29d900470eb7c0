/** dagsmith/plugins/slack: messages to Slack, by a bot or by an incoming webhook. */
export type { SlackClient, SlackMessage } from "./client.ts";
export { slackHook } from "./hook.ts";
export { type SlackMessageOptions, slackMessage } from "./message.ts";
