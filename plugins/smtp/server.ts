/** Where an SMTP server is, and how to log in to it. */
import { type Connection, DagsmithError } from "dagsmith";

/** What a connection says about its server. */
export interface SmtpServer {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte. */
  readonly isImplicitTls: boolean;
  /** No TLS at all. */
  readonly isPlain: boolean;
  readonly auth: { readonly user: string; readonly pass: string } | null;
  /** The sender when a mail names none. */
  readonly from: string | undefined;
}

const SUBMISSION = 587;
const IMPLICIT_TLS = 465;

/**
 * Reads the fields as Airflow names them. Port 465 means TLS from the first byte; on
 * other ports the connection changes to TLS (STARTTLS), which `extra.disable_tls`
 * prevents.
 * @throws DagsmithError INVALID_CONNECTION
 */
export function smtpServer({ id, host, port, login, password, extra }: Connection): SmtpServer {
  if (host === null || host === "")
    throw new DagsmithError("INVALID_CONNECTION", { id, reason: "it has no host" });
  const from = typeof extra.from_email === "string" ? extra.from_email : (login ?? undefined);
  return {
    host,
    port: port ?? SUBMISSION,
    isImplicitTls: (port ?? SUBMISSION) === IMPLICIT_TLS,
    isPlain: extra.disable_tls === true || extra.disable_tls === "true",
    auth: login === null || password === null ? null : { user: login, pass: password },
    from,
  };
}
