import { timingSafeEqual } from "node:crypto";
import { hashOfSecret } from "../../access/token.ts";

/**
 * Compares hashes of equal length, so that the time reveals nothing about the secret, not
 * even its length.
 */
export function isSameSecret(given: string, wanted: string): boolean {
  return timingSafeEqual(hashOfSecret(given), hashOfSecret(wanted));
}
