/**
 * Sends cards to one channel of Microsoft Teams, by the webhook of a workflow ("Post to a
 * channel when a webhook request is received"). Adaptive Cards 1.4.
 */
import type { HookContext } from "dagsmith";
import { type Notification, postMessage } from "dagsmith/plugins/notify";

/** Made by {@link teamsHook}. */
export class TeamsClient {
  readonly #webhook: URL;
  readonly #context: HookContext;

  /** Called by the hook only. */
  constructor(webhook: URL, context: HookContext) {
    this.#webhook = webhook;
    this.#context = context;
  }

  /**
   * Sends a text. Teams reads it as its Markdown. A rate limit is waited out up to 3
   * times.
   * @throws FailTask when Teams refuses the message (4xx); Error when Teams fails or
   *   cannot be reached
   */
  async send(text: string): Promise<void> {
    await this.#post([{ type: "TextBlock", text, wrap: true }], null);
  }

  /**
   * Sends a notification as a card with a button to the page.
   * @throws as {@link send}
   */
  async notify({ subject, facts, url, isProblem }: Notification): Promise<void> {
    const color = isProblem ? "Attention" : "Default";
    const title = { type: "TextBlock", text: subject, weight: "Bolder", wrap: true, color };
    const set = { type: "FactSet", facts: facts.map(([name, value]) => ({ title: name, value })) };
    await this.#post([title, set], url);
  }

  async #post(body: readonly object[], url: string | null): Promise<void> {
    const actions =
      url === null ? [] : [{ type: "Action.OpenUrl", title: "Open in dagsmith", url }];
    const content = { type: "AdaptiveCard", version: "1.4", body, actions };
    const contentType = "application/vnd.microsoft.card.adaptive";
    const message = { type: "message", attachments: [{ contentType, content }] };
    await postMessage(this.#webhook, message, { name: "Teams" }, this.#context);
  }
}
