/**
 * Webhooks that take messages as Discord's do and remember them, so that a DAG can write
 * to a channel.
 */

/** The oldest messages beyond this number are forgotten. */
const REMEMBERED = 1_000;
const LONGEST_MESSAGE = 2_000;

export interface WebhookMessage {
  readonly content: string;
  /** ISO 8601. */
  readonly receivedAt: string;
}

export class Webhooks {
  readonly #messages = new Map<string, WebhookMessage[]>();

  /**
   * @returns false when the body is not a message: JSON with a `content` of 1 to 2000
   *   characters
   */
  accept(id: string, body: string, receivedAt: string): boolean {
    const content = contentOf(body);
    if (content === undefined || content === "" || [...content].length > LONGEST_MESSAGE)
      return false;
    this.#messages.set(id, [...this.messages(id), { content, receivedAt }].slice(-REMEMBERED));
    return true;
  }

  /** Oldest first. */
  messages(id: string): readonly WebhookMessage[] {
    return this.#messages.get(id) ?? [];
  }
}

function contentOf(body: string): string | undefined {
  try {
    const message = JSON.parse(body) as { readonly content?: unknown } | null;
    return typeof message?.content === "string" ? message.content : undefined;
  } catch {
    return undefined;
  }
}
