/** dagsmith/plugins/discord: messages to a channel through its webhook. */
export { DiscordClient } from "./client.ts";
export { discordHook } from "./hook.ts";
