/** Mails and messages to Slack. */
import { code, NotCarried, objectOf, quoted } from "../code.ts";
import { plain, type Value } from "../evaluate/value.ts";
import { textsField } from "../templates/field.ts";
import { type Declaration, taskWith } from "./declaration.ts";
import { hookTask } from "./hook_task.ts";
import type { OperatorCall } from "./operator_call.ts";

export function emailOperator(call: OperatorCall): Declaration {
  call.ignore("mime_subtype", "mime_charset");
  if (call.value("files")) throw new NotCarried("it has files");
  const names = { to: "to", subject: "subject", html_content: "html", cc: "cc", bcc: "bcc" };
  const fields = Object.entries({ ...names, from_email: "from" }).flatMap(([name, field]) => {
    const value = call.value(name);
    return value ? [[field, value] as const] : [];
  });
  const mail: Value = { kind: "dict", entries: new Map(fields) };
  if (!mail.entries.has("to") || !mail.entries.has("subject"))
    throw new NotCarried("the receiver or the subject is missing");
  const options = objectOf({
    smtp: code(quoted(call.text("conn_id") ?? "smtp_default")),
    mail: textsField(mail, call.carry),
  });
  return taskWith(code(`sendEmail(${options.text})`, "smtp:sendEmail"));
}

export function slackOperator(call: OperatorCall): Declaration {
  call.ignore("username", "icon_url");
  if (call.value("blocks", "attachments", "unfurl_links"))
    throw new NotCarried("it has blocks or attachments");
  const text = call.needed("message", "text");
  const channel = call.value("channel");
  const method = ([of, to]: readonly string[]) =>
    `send({ text: ${of}${to === undefined ? "" : `, channel: ${to}`} })`;
  const connection = call.value("slack_webhook_conn_id", "slack_conn_id") ?? plain("slack_default");
  const args = channel ? [text, channel] : [text];
  return hookTask({ hook: "slack:slackHook", connection, method, args }, call.carry);
}
