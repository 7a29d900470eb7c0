/** Sends messages to Slack: by an incoming webhook, or by the API with a bot's token. */
import { FailTask, type HookContext, withCode } from "dagsmith";
import { postMessage } from "dagsmith/plugins/notify";

/**
 * A message to Slack.
 * @example const message: SlackMessage = { text: "*done*", channel: "#data" };
 */
export interface SlackMessage {
  /** Slack's mrkdwn; also what notifications show when there are blocks. */
  readonly text: string;
  /** Block Kit blocks. Default: none. */
  readonly blocks?: readonly object[];
  /**
   * A channel or its id. Default: that of the connection. A webhook has its own channel.
   */
  readonly channel?: string;
}

/** How messages reach Slack: the address, and the token for an address of the API. */
export interface SlackTarget {
  readonly url: URL;
  /** Null for an incoming webhook. */
  readonly token: string | null;
  /** The channel when a message names none. */
  readonly channel: string | null;
}

/** Errors of the API after which the same message can succeed later. */
const TEMPORARY = [
  "ratelimited",
  "internal_error",
  "fatal_error",
  "service_unavailable",
  "request_timeout",
];

/** Made by {@link slackHook}. */
export class SlackClient {
  readonly #target: SlackTarget;
  readonly #context: HookContext;

  /** Called by the hook only. */
  constructor(target: SlackTarget, context: HookContext) {
    this.#target = target;
    this.#context = context;
  }

  /**
   * Sends a message. A rate limit is waited out up to 3 times.
   * @throws FailTask when Slack refuses the message, or no channel is known; Error when
   *   Slack fails or cannot be reached
   */
  async send(message: SlackMessage): Promise<void> {
    const { url, token } = this.#target;
    const channel = message.channel ?? this.#target.channel;
    if (token !== null && channel === null)
      throw withCode(
        "INVALID_MESSAGE",
        new FailTask(
          "No Slack channel is given. Name one in the message, or in extra.channel of the connection.",
        ),
      );
    const headers = token === null ? {} : { authorization: `Bearer ${token}` };
    const body = { ...message, ...(token !== null && { channel }) };
    const response = await postMessage(url, body, { name: "Slack", headers }, this.#context);
    if (token !== null) await checkAnswer(response, channel);
  }
}

/** The API answers 200 also when it refuses a message. */
async function checkAnswer(response: Response, channel: string | null): Promise<void> {
  const answer = (await response.json().catch(() => ({}))) as {
    readonly ok?: unknown;
    readonly error?: unknown;
  };
  if (answer.ok === true) return;
  const reason = typeof answer.error === "string" ? answer.error : "an answer that is not JSON";
  const message = `Slack refused the message to ${channel}: ${reason}${adviceFor(reason)}`;
  throw TEMPORARY.includes(reason)
    ? withCode("MESSAGE_NOT_TAKEN", new Error(message))
    : withCode("MESSAGE_REFUSED", new FailTask(message));
}

function adviceFor(reason: string): string {
  if (reason === "not_in_channel") return ". Invite the bot to the channel.";
  if (reason === "channel_not_found") return ". Check its name, and whether the bot may see it.";
  if (/auth|token/.test(reason)) return ". Check the token of the connection.";
  return "";
}
