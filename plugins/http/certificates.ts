/** The certificates of a connection, checked before a request needs them. */
import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import { errorMessage, FailTask, withCode } from "dagsmith";
import type { z } from "zod";
import type { httpFields } from "./fields.ts";
import type { TlsFiles } from "./service.ts";

type Fields = Pick<
  z.output<typeof httpFields>,
  "verify" | "cert" | "private_key" | "private_key_passphrase"
>;

/**
 * Null when the connection names none.
 * @throws FailTask when a file cannot be read, or is no PEM of its kind; the message
 *   names the field and repeats no key
 */
export async function certificatesOf(fields: Fields): Promise<TlsFiles | null> {
  const { verify, cert, private_key: key, private_key_passphrase: passphrase } = fields;
  if (!verify && !cert) return null;
  const files: TlsFiles = {
    ...(verify && { ca: await certificateOf("verify", verify) }),
    ...(cert && { cert: await certificateOf("cert", cert) }),
    ...(key && { key: await pemOf("private_key", key) }),
    ...(passphrase && { passphrase }),
  };
  refuseUnusable(files);
  return files;
}

async function pemOf(field: string, given: string): Promise<string> {
  if (given.includes("-----BEGIN")) return given;
  try {
    return await readFile(given, "utf8");
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? "no file has this name";
    throw unusable(
      `The field ${field} of the connection is neither PEM text nor a file that can be read: ${reason}`,
    );
  }
}

/** TLS would ignore an authority that cannot be read, and then trust no server. */
async function certificateOf(field: string, given: string): Promise<string> {
  const pem = await pemOf(field, given);
  try {
    new X509Certificate(pem);
  } catch (cause) {
    throw unusable(`The field ${field} of the connection is no certificate in PEM`, cause);
  }
  return pem;
}

/** OpenSSL's reason names no content. */
function refuseUnusable(files: TlsFiles): void {
  try {
    createSecureContext(files);
  } catch (cause) {
    throw unusable(
      `The fields cert and private_key of the connection cannot be used: ${errorMessage(cause)}`,
      cause,
    );
  }
}

const unusable = (message: string, cause?: unknown): Error =>
  withCode("INVALID_CONNECTION", new FailTask(message, { cause }));
