/** Whether a caller knows a webhook's secret. Compared in constant time, so that no answer's timing tells how much of a guess was right. */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/**
 * By an HMAC-SHA256 of the body, `X-Hub-Signature-256: sha256=<hex>`, which also proves that nobody changed it; else by
 * `Authorization: Bearer <secret>`. A signature that is wrong is not made good by a bearer.
 */
export function provesSecret(
  secret: string,
  headers: IncomingHttpHeaders,
  body: Uint8Array,
): boolean {
  const signature = headers["x-hub-signature-256"];
  if (typeof signature === "string")
    return isSame(signature, `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`);
  const bearer = /^Bearer (.+)$/i.exec(headers.authorization ?? "")?.[1];
  return bearer !== undefined && isSame(bearer, secret);
}

/** Hashed first: the comparison needs texts of one length, and must not tell the secret's. */
function isSame(given: string, wanted: string): boolean {
  const hash = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(given), hash(wanted));
}
