/** Failures of SMTP in words: the server, what it answered, what to do. */
import { FailTask, withCode } from "dagsmith";
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
    return withCode(
      "SMTP_UNTRUSTED",
      new FailTask(
        `${where} offers no TLS that can be trusted: ${error.message}. Set extra.disable_tls to send without TLS.`,
      ),
    );
  if (error.responseCode !== undefined) {
    const answer = `${where} answered ${error.response ?? error.responseCode}`;
    const isLast = error.responseCode >= 500;
    return withCode(
      isLogin(error) ? "SMTP_LOGIN_REFUSED" : "SMTP_REFUSED",
      isLast ? new FailTask(`${answer}${adviceFor(error)}`) : new Error(answer),
    );
  }
  if (error.code === "EENVELOPE")
    return withCode(
      "INVALID_ADDRESS",
      new FailTask(`The mail has a wrong address: ${error.message}`),
    );
  if (error.code === "EAUTH")
    return withCode(
      "SMTP_LOGIN_REFUSED",
      new FailTask(`${where} takes no login: ${error.message}`),
    );
  return withCode("SMTP_AWAY", new Error(`${where} could not be reached: ${error.message}`));
}

const isLogin = ({ code, responseCode }: MailError): boolean =>
  code === "EAUTH" || responseCode === 535;

function adviceFor(error: MailError): string {
  if (isLogin(error)) return ". Check login and password.";
  if (error.responseCode === 552) return ". The mail is too large.";
  return "";
}
