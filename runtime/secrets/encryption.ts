/**
 * Seals stored connections and variables: AES-256-GCM with a new nonce each time. The
 * kind and id of the row are authenticated with it, so that a row that is copied over
 * another is refused.
 */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

/** A key that was checked by {@link keyOf}. */
export type SecretKey = Buffer & { readonly parsed: unique symbol };

/** The row to which a stored secret belongs. */
export interface SecretOwner {
  readonly kind: "connection" | "variable";
  readonly id: string;
}

/** The first byte of the stored bytes, so that the format can change one day. */
const LAYOUT = 1;
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** The key in a text: 32 bytes in base64. Null for any other text. */
export function keyOf(text: string): SecretKey | null {
  const key = Buffer.from(text, "base64");
  // Node skips characters that are not base64. So a text is valid only when it is the
  // same after decoding and encoding.
  const isKey = key.length === KEY_BYTES && key.toString("base64") === text;
  return isKey ? (key as SecretKey) : null;
}

/** A new random key, as {@link keyOf} reads it. */
export function newSecretKey(): string {
  return randomBytes(KEY_BYTES).toString("base64");
}

/** Version byte, nonce, tag, ciphertext. */
export function encrypt(key: SecretKey, owner: SecretOwner, text: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(ownerBytes(owner));
  const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return Buffer.concat([Buffer.from([LAYOUT]), nonce, cipher.getAuthTag(), sealed]);
}

/** The text; null when the key, the row or any bit of it is different. */
export function decrypt(key: SecretKey, owner: SecretOwner, stored: Buffer): string | null {
  if (stored[0] !== LAYOUT) return null;
  try {
    const tagAt = 1 + NONCE_BYTES;
    const decipher = createDecipheriv("aes-256-gcm", key, stored.subarray(1, tagAt), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(ownerBytes(owner)).setAuthTag(stored.subarray(tagAt, tagAt + TAG_BYTES));
    return Buffer.concat([
      decipher.update(stored.subarray(tagAt + TAG_BYTES)),
      decipher.final(),
    ]).toString("utf8");
  } catch {
    return null;
  }
}

function ownerBytes({ kind, id }: SecretOwner): Buffer {
  return Buffer.from(`${kind}:${id}`);
}
