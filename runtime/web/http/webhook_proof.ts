/**
 * Checks whether a caller knows the secret of a webhook. Compared in constant time, so
 * that the time of an answer reveals nothing about a guess.
 */
import { createHmac } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { isSameSecret } from "./same_secret.ts";

/**
 * By an HMAC-SHA256 of the body, `X-Hub-Signature-256: sha256=<hex>`, which also proves
 * that the body is unchanged; otherwise by `Authorization: Bearer <secret>`. With a wrong
 * signature, a right bearer is refused too.
 */
export function provesSecret(
  secret: string,
  headers: IncomingHttpHeaders,
  body: Uint8Array,
): boolean {
  const signature = headers["x-hub-signature-256"];
  if (typeof signature === "string")
    return isSameSecret(
      signature,
      `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
    );
  const bearer = /^Bearer (.+)$/i.exec(headers.authorization ?? "")?.[1];
  return bearer !== undefined && isSameSecret(bearer, secret);
}
