/** The Discord hook. */
import { defineHook } from "dagsmith";
import { webhookUrl } from "dagsmith/plugins/notify";
import { DiscordClient } from "./client.ts";
import { DISCORD_HOST, discordConnection } from "./connection.ts";

/**
 * A client of the webhook of a connection of type `discord`: its URL in
 * `extra.webhook_url`, in `host`, or in parts, as in
 * `discord://discord.com/api/webhooks/ID/TOKEN`.
 * @example await (await hook(discordHook("team"))).send("the load is done");
 */
export const discordHook = defineHook<DiscordClient>({
  types: discordConnection.ids,
  open: (connection, context) => new DiscordClient(webhookUrl(connection, DISCORD_HOST), context),
});
