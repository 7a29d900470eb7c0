/** The callback that posts a notification as JSON to an address of one's own. */
import { type Callback, type CallbackContext, defineHook, type Json } from "dagsmith";
import { type Notification, notification, notificationText } from "./notification.ts";
import { postMessage } from "./post_message.ts";
import { webhookUrl } from "./webhook_url.ts";

/**
 * Options of {@link webhookMessage}.
 * @example const options: WebhookMessageOptions = { webhook: "pager" };
 */
export interface WebhookMessageOptions {
  /** Id of a connection of type `webhook`, `http` or `https` whose URL has a path. */
  readonly webhook: string;
  /** Headers besides the content type. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * The JSON to send. Default: `text`, `subject`, `event`, `dagId`, `taskId`, `runId`,
   * `tryNumber`, `mapIndex`, `logicalDate`, `reason`, `error` and `url`.
   */
  readonly body?: (context: CallbackContext, notification: Notification) => Json | Promise<Json>;
}

const webhookHook = defineHook({
  types: ["webhook", "http", "https"],
  open: (connection, context) => ({ url: webhookUrl(connection), context }),
});

/**
 * A callback that posts what happened as JSON.
 * @throws DagsmithError CONNECTION_NOT_FOUND, INVALID_CONNECTION; FailTask when the
 *   service refuses the message
 * @example dag("report", { onFailure: webhookMessage({ webhook: "pager" }) });
 */
export function webhookMessage({
  webhook,
  headers,
  body = bodyOf,
}: WebhookMessageOptions): Callback {
  return async function webhookMessage(context) {
    const target = await context.hook(webhookHook(webhook));
    const service = { name: `The webhook ${webhook}`, ...(headers && { headers }) };
    const json = await body(context, notification(context));
    await postMessage(target.url, json, service, target.context);
  };
}

function bodyOf(context: CallbackContext, about: Notification): Json {
  const { event, dagId, taskId, runId, tryNumber, mapIndex, reason, error, url } = context;
  return {
    ...{ text: notificationText(about), subject: about.subject, event },
    ...{ dagId, taskId, runId, tryNumber, mapIndex },
    logicalDate: context.logicalDate.toISO(),
    ...{ reason, error: error && { name: error.name, message: error.message }, url },
  };
}
