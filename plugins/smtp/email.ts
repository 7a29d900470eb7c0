/** Mails about tasks and runs, and mails that a task sends. */
import {
  type Callback,
  type CallbackContext,
  type FromContext,
  resolveField,
  type TaskBody,
  type TaskContext,
} from "dagsmith";
import { notification, notificationText } from "dagsmith/plugins/notify";
import type { Mail } from "./client.ts";
import { smtpHook } from "./hook.ts";

/**
 * Options of {@link email}.
 * @example const options: EmailOptions = { smtp: "mail", to: "data@example.org" };
 */
export interface EmailOptions extends Pick<Mail, "to" | "cc" | "bcc" | "from" | "replyTo"> {
  /** Id of a connection of type `smtp`. */
  readonly smtp: string;
  /** Subject and content. Default: what happened, where, why, and a link to the page. */
  readonly message?: (
    context: CallbackContext,
  ) => Pick<Mail, "subject" | "text" | "html"> | Promise<Pick<Mail, "subject" | "text" | "html">>;
}

/**
 * A callback that sends what happened by mail. Airflow: SmtpNotifier.
 * @throws what {@link smtpHook} and its client throw
 * @example dag("report", { onFailure: email({ smtp: "mail", to: "data@example.org" }) });
 */
export function email({ smtp, message, ...addresses }: EmailOptions): Callback {
  return async function email(context) {
    const about = notification(context);
    const content = message
      ? await message(context)
      : { subject: about.subject, text: notificationText(about) };
    await (await context.hook(smtpHook(smtp))).send({ ...addresses, ...content });
  };
}

/**
 * Sends a mail. Airflow: EmailOperator.
 * @returns a body without output
 * @throws what {@link smtpHook} and its client throw
 * @example
 * d.task("mail", { inputs: { rows } }, sendEmail({
 *   smtp: "mail",
 *   mail: ({ inputs }) => ({ to: "data@example.org", subject: `${inputs.rows} rows` }),
 * }));
 */
export function sendEmail<Context extends TaskContext = TaskContext>(options: {
  /** Id of a connection of type `smtp`. */
  readonly smtp: string;
  readonly mail: FromContext<Mail, Context>;
}): TaskBody<null, Context> {
  return async function sendEmail(context) {
    const mail = await resolveField(options.mail, context);
    await (await context.hook(smtpHook(options.smtp))).send(mail);
    return null;
  };
}
