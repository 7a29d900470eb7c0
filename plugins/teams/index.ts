/** dagsmith/plugins/teams: messages to a channel of Microsoft Teams, by its webhook. */
export type { TeamsClient } from "./client.ts";
export { teamsHook } from "./hook.ts";
export { type TeamsMessageOptions, teamsMessage } from "./message.ts";
