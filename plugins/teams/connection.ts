/** The connection type `teams`: the address of a webhook. */
import { connectionType } from "dagsmith";
import { tryWebhook, webhookFields, webhookUrl } from "dagsmith/plugins/notify";

/** The connection type `teams`, as in Airflow also `msteams`. */
export const teamsConnection = connectionType({
  id: "teams",
  aliases: ["msteams"],
  title: "Microsoft Teams webhook",
  example: "teams://prod.westeurope.logic.azure.com/workflows/secret",
  fields: webhookFields,
  test: (_fields, context, connection) => tryWebhook(webhookUrl(connection), context),
});
