/** The callback that sends a notification to a Teams channel. */
import type { Callback, CallbackContext } from "dagsmith";
import { notification } from "dagsmith/plugins/notify";
import { teamsHook } from "./hook.ts";

/**
 * Options of {@link teamsMessage}.
 * @example const options: TeamsMessageOptions = { teams: "data" };
 */
export interface TeamsMessageOptions {
  /** Id of a connection of type `teams`. */
  readonly teams: string;
  /** The text to send. Default: a card with what happened, where, why, and a link. */
  readonly message?: (context: CallbackContext) => string | Promise<string>;
}

/**
 * A callback that sends what happened to a Teams channel.
 * @throws what {@link teamsHook} and its client throw
 * @example dag("report", { onFailure: teamsMessage({ teams: "data" }) });
 */
export function teamsMessage({ teams, message }: TeamsMessageOptions): Callback {
  return async function teamsMessage(context) {
    const client = await context.hook(teamsHook(teams));
    await (message ? client.send(await message(context)) : client.notify(notification(context)));
  };
}
