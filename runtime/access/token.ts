/**
 * API tokens and the secrets of sessions and links: 256 random bits each. The database
 * has only hashes of them, so that a reader of the database cannot log in.
 */
import { createHash, randomBytes } from "node:crypto";

const PREFIX = "dag_";
/** 256 bits in base64url. */
const RANDOM_LENGTH = 43;
const CHECKSUM_LENGTH = 6;
const SHAPE = new RegExp(`^${PREFIX}[\\w-]{${RANDOM_LENGTH + CHECKSUM_LENGTH}}$`);

/** 256 random bits as text. */
export function newSecret(): string {
  return randomBytes(32).toString("base64url");
}

/**
 * A new API token: `dag_`, 256 random bits, and a checksum. The prefix lets scanners of
 * source code find tokens that people commit by mistake.
 */
export function newToken(): string {
  const body = PREFIX + newSecret();
  return body + checksum(body);
}

/** Whether a text may be an API token. A mistyped one is refused without a look-up. */
export function isToken(text: string): boolean {
  return SHAPE.test(text) && text.endsWith(checksum(text.slice(0, -CHECKSUM_LENGTH)));
}

/** The hash under which the database knows a secret. */
export function hashOfSecret(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

function checksum(body: string): string {
  return hashOfSecret(body).toString("base64url").slice(0, CHECKSUM_LENGTH);
}
