/** Fields of connections that hold certificates and keys as PEM text. */
import { X509Certificate } from "node:crypto";
import { z } from "zod";

/** In an address, `\n` may stand for the line ends of the text. */
const pem = z
  .string()
  .refine((text) => text.includes("-----BEGIN "), "is not PEM text")
  .transform((text) => text.replaceAll("\\n", "\n"));

/** Node would ignore a certificate that it cannot read, and then complain of the server's. */
const certificate = pem.refine(isCertificate, "is not a certificate");

const SHOWN = { description: "PEM text.", format: "multiline" } as const;

/**
 * The field of the authority that the server's certificate must be of. Default: none.
 * @example const fields = z.object({ ssl_ca: authorityField });
 */
export const authorityField = certificate
  .optional()
  .meta({ title: "Certificate authority", ...SHOWN });

/**
 * The field of the certificate that the client shows. Default: none.
 * @example const fields = z.object({ ssl_cert: clientCertificateField });
 */
export const clientCertificateField = pem
  .optional()
  .meta({ title: "Client certificate", ...SHOWN });

/**
 * The field of the key of the client's certificate, which is a secret. Default: none.
 * @example const fields = z.object({ ssl_key: clientKeyField });
 */
export const clientKeyField = pem
  .optional()
  .meta({ title: "Key of the client certificate", ...SHOWN, writeOnly: true });

function isCertificate(text: string): boolean {
  try {
    new X509Certificate(text);
    return true;
  } catch {
    return false;
  }
}
