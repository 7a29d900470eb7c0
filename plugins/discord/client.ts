/**
 * Sends messages to one Discord webhook. Discord API v10, "Execute Webhook" and "Rate
 * Limits".
 */
import { FailTask, type HookContext, withCode } from "dagsmith";
import { type MessageService, postMessage } from "dagsmith/plugins/notify";

/** Discord refuses longer messages. */
export const LONGEST_MESSAGE = 2_000;

const DISCORD: MessageService = {
  name: "Discord",
  // The body has fractions of a second; the header rounds up.
  waitSeconds: async (response) => {
    const { retry_after } = await jsonOf(response);
    return Number(retry_after ?? response.headers.get("retry-after") ?? 1);
  },
  reasonOf: async (response) => {
    const { message } = await jsonOf(response);
    return typeof message === "string" ? message : "";
  },
};

/** Made by {@link discordHook}. */
export class DiscordClient {
  readonly #webhook: URL;
  readonly #context: HookContext;

  /** Called by the hook only. */
  constructor(webhook: URL, context: HookContext) {
    this.#webhook = webhook;
    this.#context = context;
  }

  /**
   * Sends a message of up to 2000 characters. Discord's Markdown is allowed. Names in it
   * (@everyone, @here, people) notify no person. A rate limit is waited out up to 3
   * times.
   * @throws FailTask when the message is empty or too long, or when Discord refuses it
   *   (4xx); Error when Discord fails or cannot be reached
   */
  async send(text: string): Promise<void> {
    const length = [...text].length;
    if (length === 0 || length > LONGEST_MESSAGE) {
      throw withCode(
        "INVALID_MESSAGE",
        new FailTask(
          `a Discord message has 1 to ${LONGEST_MESSAGE} characters; this one has ${length}`,
        ),
      );
    }
    // Text that comes from data must not notify everyone.
    const body = { content: text, allowed_mentions: { parse: [] } };
    await postMessage(this.#webhook, body, DISCORD, this.#context);
  }
}

async function jsonOf(response: Response): Promise<Readonly<Record<string, unknown>>> {
  const body: unknown = await response.json().catch(() => null);
  return typeof body === "object" && body !== null ? { ...body } : {};
}
