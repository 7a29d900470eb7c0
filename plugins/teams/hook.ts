/** The Teams hook. */
import { defineHook } from "dagsmith";
import { webhookUrl } from "dagsmith/plugins/notify";
import { TeamsClient } from "./client.ts";
import { teamsConnection } from "./connection.ts";

/**
 * A client of the webhook of a connection of type `teams` or `msteams`: its URL in
 * `extra.webhook_url`, or in `host`.
 * @example await (await hook(teamsHook("data"))).send("the load is done");
 */
export const teamsHook = defineHook<TeamsClient>({
  types: teamsConnection.ids,
  open: (connection, context) => new TeamsClient(webhookUrl(connection), context),
});
