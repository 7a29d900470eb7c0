/**
 * The keys that seal stored secrets. A deployment has one key, or several while it
 * changes from one to another: the first key seals, and every key opens what it has
 * sealed.
 */
import { createHmac } from "node:crypto";
import { DagsmithError } from "../../sdk/errors.ts";
import { decrypt, encrypt, keyOf, type SecretKey, type SecretOwner } from "./encryption.ts";

/** Keys that were checked by {@link parseSecretKeys}. */
export interface SecretKeys {
  /** The id of the key that seals. */
  readonly sealing: string;
  /** Each key by its id, the sealing key first. */
  readonly byId: ReadonlyMap<string, SecretKey>;
}

/** A secret as it is stored. */
export interface Sealed {
  /** The id of the key that sealed it. Null: sealed before keys had ids. */
  readonly keyId: string | null;
  readonly secret: Buffer;
}

/** A new key has about 30 different bytes of 256. One of fewer was not made at random. */
const LEAST_DIFFERENT_BYTES = 16;

/**
 * Reads keys that are separated by spaces, lines or commas, the newest first.
 * @param source where the text comes from, for the message
 * @throws DagsmithError INVALID_SECRET_KEY for no key, for one that is not 32 bytes in
 *   base64, and for a weak first key. A weak older key is taken, so that what it sealed
 *   can be sealed with a new one. The message never repeats a key
 */
export function parseSecretKeys(text: string, source = "DAG_SECRET_KEY"): SecretKeys {
  const refuse = (reason: string): DagsmithError =>
    new DagsmithError("INVALID_SECRET_KEY", { source, reason });
  const keys = text
    .split(/[\s,]+/)
    .filter((part) => part !== "")
    .map((part, index) => {
      const key = keyOf(part);
      if (key === null) throw refuse(`key ${index + 1} is not 32 bytes in base64`);
      return key;
    });
  const [first] = keys;
  if (!first) throw refuse("it is empty");
  if (isWeak(first))
    throw refuse(
      "its first key is weak. Put a random key in front of it, and run `dag keys rotate`",
    );
  return { sealing: keyId(first), byId: new Map(keys.map((key) => [keyId(key), key])) };
}

/** A name for a key that tells nothing about it: 12 hexadecimal digits. */
function keyId(key: SecretKey): string {
  return createHmac("sha256", key).update("dagsmith key id").digest("hex").slice(0, 12);
}

/** Seals a text with the sealing key. */
export function seal(keys: SecretKeys, owner: SecretOwner, text: string): Sealed {
  const key = keys.byId.get(keys.sealing) as SecretKey;
  return { keyId: keys.sealing, secret: encrypt(key, owner, text) };
}

/**
 * Opens a sealed text: with the key that its id names, else with any of the keys.
 * @throws DagsmithError SECRET_UNREADABLE
 */
export function unseal(keys: SecretKeys, owner: SecretOwner, { keyId, secret }: Sealed): string {
  const named = keyId === null ? undefined : keys.byId.get(keyId);
  for (const key of named ? [named] : keys.byId.values()) {
    const text = decrypt(key, owner, secret);
    if (text !== null) return text;
  }
  throw new DagsmithError("SECRET_UNREADABLE", {
    ...{ kind: owner.kind, id: owner.id },
    keys: keyId === null ? "any key of DAG_SECRET_KEY" : whyClosed(keyId, named !== undefined),
  });
}

function whyClosed(id: string, isHeld: boolean): string {
  return isHeld
    ? `its key ${id}, because the row has changed`
    : `DAG_SECRET_KEY, which has no key ${id}`;
}

/** Few different bytes, or only characters that people type. */
function isWeak(key: SecretKey): boolean {
  return new Set(key).size < LEAST_DIFFERENT_BYTES || key.every((byte) => byte >= 32 && byte < 127);
}
