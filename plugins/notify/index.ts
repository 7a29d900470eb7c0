/**
 * dagsmith/plugins/notify: messages about tasks and runs. A callback that posts them to
 * any webhook, and the parts for notifiers of one's own.
 */
import type { ConnectionType } from "dagsmith";
import { webhookConnection } from "./webhook_url.ts";

export { type Notification, notification, notificationText } from "./notification.ts";
export { type MessageService, postMessage } from "./post_message.ts";
export { type WebhookMessageOptions, webhookMessage } from "./webhook_message.ts";
export { tryWebhook, webhookFields, webhookUrl } from "./webhook_url.ts";

/** The connection types of this plugin. */
export const connectionTypes: readonly ConnectionType[] = [webhookConnection];
