/** Sends mails by one SMTP server. */
import { createTransport, type Transporter } from "nodemailer";
import { mailFailure } from "./error.ts";
import type { SmtpServer } from "./server.ts";

/** One address, or several: `ops@example.org`, `Ops <ops@example.org>`. */
export type MailAddresses = string | readonly string[];

/**
 * A mail.
 * @example const mail: Mail = { to: "data@example.org", subject: "Rows", text: "12 rows" };
 */
export interface Mail {
  readonly to: MailAddresses;
  readonly cc?: MailAddresses;
  readonly bcc?: MailAddresses;
  /** Default: `extra.from_email` of the connection, else its login. */
  readonly from?: string;
  readonly replyTo?: string;
  readonly subject: string;
  /** Plain text. Default: none. */
  readonly text?: string;
  /** HTML, whose values its author escapes. Default: none. */
  readonly html?: string;
  /** Default: none. */
  readonly attachments?: readonly MailAttachment[];
}

/**
 * A file of a mail.
 * @example const report: MailAttachment = { filename: "report.csv", content: "id\n1\n" };
 */
export interface MailAttachment {
  /** The name that readers see. */
  readonly filename: string;
  /** Text, or bytes. */
  readonly content: string | Uint8Array;
  /** Default: by the extension of the name. */
  readonly contentType?: string;
}

/** How long the server may take for a connection, its greeting and each answer. */
const CONNECT_TIMEOUT_MS = 10_000;
const ANSWER_TIMEOUT_MS = 60_000;

/** Made by {@link smtpHook}. */
export class SmtpClient {
  readonly #server: SmtpServer;
  readonly #transport: Transporter;

  /** Called by the hook only. */
  constructor(server: SmtpServer) {
    const { host, port, isImplicitTls, isPlain, auth } = server;
    this.#server = server;
    this.#transport = createTransport({
      ...{ host, port, secure: isImplicitTls, ignoreTLS: isPlain },
      // A server in between could otherwise remove the offer of TLS and read the
      // password.
      requireTLS: !isPlain && !isImplicitTls && auth !== null,
      ...(auth && { auth }),
      connectionTimeout: CONNECT_TIMEOUT_MS,
      greetingTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: ANSWER_TIMEOUT_MS,
      // Text that comes from data must name no file and no address to read.
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  }

  /**
   * Sends a mail.
   * @throws FailTask when the server refuses the login, the sender or all recipients, or
   *   the message; Error when it refuses for now or cannot be reached
   */
  async send(mail: Mail): Promise<void> {
    const { to, cc, bcc, attachments, ...rest } = mail;
    try {
      await this.#transport.sendMail({
        ...{ from: this.#server.from, ...rest, to: list(to), cc: list(cc), bcc: list(bcc) },
        attachments: (attachments ?? []).map((one) => ({ ...one, content: bytesOf(one.content) })),
      });
    } catch (error) {
      throw mailFailure(this.#server, error);
    }
  }

  /**
   * Connects and logs in, and sends nothing.
   * @throws as {@link send}
   */
  async verify(): Promise<void> {
    try {
      await this.#transport.verify();
    } catch (error) {
      throw mailFailure(this.#server, error);
    }
  }

  /** Called by the hook only. */
  close(): void {
    this.#transport.close();
  }
}

function list(addresses: MailAddresses | undefined): string[] {
  return addresses === undefined ? [] : [addresses].flat();
}

function bytesOf(content: string | Uint8Array): string | Buffer {
  return typeof content === "string" ? content : Buffer.from(content);
}
