/** The connection type `discord`: the address of a webhook. */
import { connectionType } from "dagsmith";
import { webhookFields, webhookUrl } from "dagsmith/plugins/notify";

export const DISCORD_HOST = "discord.com";

/** The connection type `discord`. */
export const discordConnection = connectionType({
  id: "discord",
  title: "Discord webhook",
  example: "discord://discord.com/api/webhooks/123/secret",
  fields: webhookFields,
  test: async (_fields, { signal }, connection) => {
    const url = webhookUrl(connection, DISCORD_HOST);
    // Discord describes a webhook to who asks, and posts nothing.
    const answer = await fetch(url, { redirect: "error", signal }).catch(() => null);
    if (answer === null) throw new Error(`${url.host} could not be reached`);
    if (!answer.ok) throw new Error(`${url.host} answered ${answer.status}: check the address`);
    const { name } = (await answer.json()) as { readonly name?: unknown };
    return `Discord webhook ${String(name)}`;
  },
});
