/** The connection type `smtp`: where a mail server is, and how to log in to it. */
import { connectionType } from "dagsmith";
import { z } from "zod";
import type { SmtpServer } from "./server.ts";

const SUBMISSION = 587;
const IMPLICIT_TLS = 465;

const fields = z.object({
  host: z.string("is missing: write the name of the server").meta({ title: "Host" }),
  port: z
    .int()
    .min(1)
    .max(65_535)
    .default(SUBMISSION)
    .meta({ title: "Port", description: `${IMPLICIT_TLS}: TLS from the first byte.` }),
  login: z.string().optional().meta({ title: "Login" }),
  password: z.string().optional().meta({ title: "Password", writeOnly: true }),
  from_email: z
    .string()
    .optional()
    .meta({ title: "Sender", description: "Of mails that name none. Default: the login." }),
  disable_tls: z
    .boolean()
    .default(false)
    .meta({ title: "Without TLS", description: "Sends passwords and mails in the clear." }),
});

/** The connection type `smtp`, as in Airflow also `email`. */
export const smtpConnection = connectionType({
  id: "smtp",
  aliases: ["email"],
  title: "Mail server (SMTP)",
  example: "smtp://robot:secret@mail.example.com:587?from_email=data%40example.com",
  fields: fields.transform(smtpServer),
  test: async (server) => {
    const { SmtpClient } = await import("./client.ts");
    const client = new SmtpClient(server);
    try {
      await client.verify();
      return `Mail server ${server.host}:${server.port}${server.auth ? ", logged in" : ""}`;
    } finally {
      client.close();
    }
  },
});

/**
 * Port 465 means TLS from the first byte; on other ports the connection changes to TLS
 * (STARTTLS), which `extra.disable_tls` prevents.
 */
function smtpServer(given: z.output<typeof fields>): SmtpServer {
  const { host, port, login, password, from_email, disable_tls } = given;
  const hasLogin = login !== undefined && password !== undefined;
  return {
    ...{ host, port },
    isImplicitTls: port === IMPLICIT_TLS,
    isPlain: disable_tls,
    auth: hasLogin ? { user: login, pass: password } : null,
    from: from_email ?? login,
  };
}
