/**
 * Seals stored connections and variables: AES-256-GCM with a new nonce each time. The
 * kind and id of the row are authenticated with it, so that a row that is copied over
 * another is refused.
 */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { DagsmithError } from "../../sdk/errors.ts";

/** A key that was checked by {@link parseSecretKey}. */
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

/** @throws DagsmithError INVALID_SECRET_KEY; its message never repeats the key */
export function parseSecretKey(text: string): SecretKey {
  const key = Buffer.from(text.trim(), "base64");
  // Node skips characters that are not base64. So a text is valid only when it is the
  // same after decoding and encoding.
  if (key.length !== KEY_BYTES || key.toString("base64") !== text.trim())
    throw new DagsmithError("INVALID_SECRET_KEY", {});
  return key as SecretKey;
}

/** A new random key, as {@link parseSecretKey} reads it. */
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

/**
 * @throws DagsmithError SECRET_UNREADABLE when the key, the row or any bit of it is
 *   different
 */
export function decrypt(key: SecretKey, owner: SecretOwner, stored: Buffer): string {
  try {
    if (stored[0] !== LAYOUT) throw new Error("unknown layout");
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
    throw new DagsmithError("SECRET_UNREADABLE", { kind: owner.kind, id: owner.id });
  }
}

function ownerBytes({ kind, id }: SecretOwner): Buffer {
  return Buffer.from(`${kind}:${id}`);
}
