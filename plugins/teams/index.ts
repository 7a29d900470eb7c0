/** dagsmith/plugins/teams: messages to a channel of Microsoft Teams, by its webhook. */
import type { ConnectionType } from "dagsmith";
import { teamsConnection } from "./connection.ts";

export type { TeamsClient } from "./client.ts";
export { teamsHook } from "./hook.ts";
export { type TeamsMessageOptions, teamsMessage } from "./message.ts";

/** The connection types of this plugin. */
export const connectionTypes: readonly ConnectionType[] = [teamsConnection];
