/** The callback that sends a notification to a Discord channel. */
import type { Callback, CallbackContext } from "dagsmith";
import { notification, notificationText } from "dagsmith/plugins/notify";
import { LONGEST_MESSAGE } from "./client.ts";
import { discordHook } from "./hook.ts";

/**
 * Options of {@link discordMessage}.
 * @example const options: DiscordMessageOptions = { discord: "team" };
 */
export interface DiscordMessageOptions {
  /** Id of a connection of type `discord`. */
  readonly discord: string;
  /**
   * The text to send. Default: what happened, where, why, and the address on the page.
   */
  readonly message?: (context: CallbackContext) => string | Promise<string>;
}

/**
 * A callback that sends what happened to a Discord channel.
 * @throws what {@link discordHook} and its client throw
 * @example dag("report", { onFailure: discordMessage({ discord: "team" }) });
 */
export function discordMessage({ discord, message }: DiscordMessageOptions): Callback {
  return async function discordMessage(context) {
    const client = await context.hook(discordHook(discord));
    const text = message ? await message(context) : notificationText(notification(context));
    await client.send([...text].slice(0, LONGEST_MESSAGE).join(""));
  };
}
