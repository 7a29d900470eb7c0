/** dagsmith/plugins/discord: messages to a Discord channel, by its webhook. */
export type { DiscordClient } from "./client.ts";
export { discordHook } from "./hook.ts";
export { type DiscordMessageOptions, discordMessage } from "./message.ts";
