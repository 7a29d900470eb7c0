/** The SMTP hook. */
import { defineHook } from "dagsmith";
import { SmtpClient } from "./client.ts";
import { smtpConnection } from "./connection.ts";

/**
 * A client of the mail server of a connection of type `smtp` or `email`: host, port
 * (default 587), login, password, `extra.from_email`, `extra.disable_tls`.
 * @example
 * await (await hook(smtpHook("mail"))).send({ to: "data@example.org", subject: "Done" });
 */
export const smtpHook = defineHook<SmtpClient>({
  types: smtpConnection.ids,
  open: (connection) => new SmtpClient(smtpConnection.read(connection)),
  close: (client) => client.close(),
});
