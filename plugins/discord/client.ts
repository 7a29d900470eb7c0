/** Sends messages to one Discord webhook. Discord API v10, "Execute Webhook" and "Rate Limits". */
import { setTimeout as sleep } from "node:timers/promises";
import { FailTask, type HookContext } from "dagsmith";

/** Discord refuses longer ones. */
const LONGEST_MESSAGE = 2_000;
const RETRIES = 3;
const REQUEST_TIMEOUT_MS = 30_000;
/** Whoever asks for more patience than this is not waited for; the task's own retries are the place for that. */
const LONGEST_WAIT_SECONDS = 60;

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
   * Sends a message of up to 2000 characters, Discord's Markdown allowed; names in it (@everyone, @here, people) notify nobody. A rate
   * limit is waited out as Discord asks, up to 3 times.
   * @throws FailTask when the message is empty or too long, or Discord refuses it (4xx); Error when Discord fails or cannot be reached
   */
  async send(text: string): Promise<void> {
    const length = [...text].length;
    if (length === 0 || length > LONGEST_MESSAGE) {
      throw new FailTask(
        `a Discord message has 1 to ${LONGEST_MESSAGE} characters; this one has ${length}`,
      );
    }
    for (let attempt = 0; ; attempt += 1) {
      const response = await this.#post(text);
      if (response.ok) return;
      const waitSeconds = response.status === 429 ? await retryAfterSeconds(response) : undefined;
      if (waitSeconds === undefined || attempt >= RETRIES || waitSeconds > LONGEST_WAIT_SECONDS)
        throw await refusal(response);
      this.#context.log.warn(
        `Discord rate limit: waiting ${waitSeconds} s (${attempt + 1} of ${RETRIES})`,
      );
      await sleep(waitSeconds * 1_000, undefined, { signal: this.#context.signal });
    }
  }

  async #post(content: string): Promise<Response> {
    const { signal } = this.#context;
    try {
      return await fetch(this.#webhook, {
        method: "POST",
        headers: { "content-type": "application/json" },
        // Text that comes from data must not be able to ring everyone's bell.
        body: JSON.stringify({ content, allowed_mentions: { parse: [] } }),
        // A redirect would carry the message, and the secret in its path, elsewhere.
        redirect: "error",
        signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
      });
    } catch (error) {
      signal.throwIfAborted();
      // Without a cause: fetch's own errors can hold the URL, which is the secret.
      throw new Error(`Discord could not be reached: ${reasonOf(error)}`);
    }
  }
}

/** In the body, with fractions; the header rounds up. */
async function retryAfterSeconds(response: Response): Promise<number> {
  const body = (await response
    .clone()
    .json()
    .catch(() => ({}))) as { readonly retry_after?: unknown } | null;
  const seconds = Number(body?.retry_after ?? response.headers.get("retry-after") ?? 1);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : 1;
}

async function refusal(response: Response): Promise<Error> {
  const body = (await response.json().catch(() => ({}))) as { readonly message?: unknown } | null;
  const reason = typeof body?.message === "string" ? `: ${body.message.slice(0, 200)}` : "";
  const message = `Discord answered ${response.status}${reason}`;
  return response.status < 500 && response.status !== 429
    ? new FailTask(message)
    : new Error(message);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  if (error.name === "TimeoutError") return `no answer within ${REQUEST_TIMEOUT_MS / 1_000} s`;
  const { cause } = error;
  return cause instanceof Error && "code" in cause ? String(cause.code) : error.name;
}
