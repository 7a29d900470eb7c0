/** dagsmith/plugins/discord: messages to a Discord channel, by its webhook. */
import type { ConnectionType } from "dagsmith";
import { discordConnection } from "./connection.ts";

export type { DiscordClient } from "./client.ts";
export { discordHook } from "./hook.ts";
export { type DiscordMessageOptions, discordMessage } from "./message.ts";

/** The connection types of this plugin. */
export const connectionTypes: readonly ConnectionType[] = [discordConnection];
