/** Fields of connections that hold certificates and keys as PEM text. */
import { X509Certificate } from "node:crypto";
import { z } from "zod";

/**
 * A field of PEM text, such as a key. In an address, `\n` may stand for its line ends.
 * @example const fields = z.object({ ssl_key: pemField.optional() });
 */
export const pemField = z
  .string()
  .refine((text) => text.includes("-----BEGIN "), "is not PEM text")
  .transform((text) => text.replaceAll("\\n", "\n"));

/**
 * A field of a certificate. Node would ignore one that it cannot read, and then complain
 * of the server's.
 * @example const fields = z.object({ ssl_ca: certificateField.optional() });
 */
export const certificateField = pemField.refine(isCertificate, "is not a certificate");

function isCertificate(text: string): boolean {
  try {
    new X509Certificate(text);
    return true;
  } catch {
    return false;
  }
}
