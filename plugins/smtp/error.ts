/** Failures of SMTP in words: the server, what it answered, what to do. */
import { FailTask } from "dagsmith";
import type { SmtpServer } from "./server.ts";

/** What nodemailer puts on its errors. */
interface MailError extends Error {
  readonly code?: string;
  readonly responseCode?: number;
  readonly response?: string;
}

/** Certificates that Node refuses; a retry meets the same certificate. */
const CERTIFICATE = /certificate|self-signed|altnames/i;

/** The error for a mail that was not sent. */
export function mailFailure({ host, port }: SmtpServer, thrown: unknown): Error {
  const error = thrown as MailError;
  const where = `The SMTP server ${host}:${port}`;
  if (error.code === "ETLS" || CERTIFICATE.test(error.message))
    return new FailTask(
      `${where} offers no TLS that can be trusted: ${error.message}. Set extra.disable_tls to send without TLS.`,
    );
  if (error.responseCode !== undefined) {
    const answer = `${where} answered ${error.response ?? error.responseCode}`;
    return error.responseCode >= 500
      ? new FailTask(`${answer}${adviceFor(error)}`)
      : new Error(answer);
  }
  if (error.code === "EENVELOPE")
    return new FailTask(`The mail has a wrong address: ${error.message}`);
  if (error.code === "EAUTH") return new FailTask(`${where} takes no login: ${error.message}`);
  return new Error(`${where} could not be reached: ${error.message}`);
}

function adviceFor({ code, responseCode }: MailError): string {
  if (code === "EAUTH" || responseCode === 535) return ". Check login and password.";
  if (responseCode === 552) return ". The mail is too large.";
  return "";
}
