/** dagsmith/plugins/smtp: mails by an SMTP server. On nodemailer. */
import type { ConnectionType } from "dagsmith";
import { smtpConnection } from "./connection.ts";

export type { Mail, MailAddresses, MailAttachment, SmtpClient } from "./client.ts";
export { type EmailOptions, email, sendEmail } from "./email.ts";
export { smtpHook } from "./hook.ts";

/** The connection types of this plugin. */
export const connectionTypes: readonly ConnectionType[] = [smtpConnection];
