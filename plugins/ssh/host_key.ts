/** Keys of hosts: how they are written, and whether a host has one of them. Pure. */
import { createHash } from "node:crypto";

/** A key that a host may have. */
export interface KnownKey {
  /** Such as `ssh-ed25519`; null when only the fingerprint is known. */
  readonly type: string | null;
  /** Such as `SHA256:…`, as OpenSSH prints it. */
  readonly fingerprint: string;
}

const FINGERPRINT = /^SHA256:[A-Za-z0-9+/]{43}=?$/;
const BLOB = /^AAAA[A-Za-z0-9+/]+=*$/;

/**
 * The keys of a text: lines of ssh-keyscan, keys alone, or fingerprints.
 * @returns null when a line is none of them, or has a marker of known_hosts, such as
 *   `@revoked`: its key is not the key of the host
 */
export function readHostKeys(text: string): readonly KnownKey[] | null {
  const lines = text.split("\n").map((line) => line.trim());
  const keys = lines.filter((line) => line !== "" && !line.startsWith("#")).map(readLine);
  return keys.every((key) => key !== null) ? keys : null;
}

function readLine(line: string): KnownKey | null {
  if (line.startsWith("@")) return null;
  const words = line.split(/\s+/);
  const fingerprint = words.find((word) => FINGERPRINT.test(word));
  if (fingerprint) return { type: null, fingerprint: fingerprint.replace(/=$/, "") };
  const blob = words.find((word) => BLOB.test(word));
  return blob === undefined ? null : keyOf(Buffer.from(blob, "base64"));
}

/** The key that a host showed (RFC 4253, 6.6: a text with the type comes first). */
export function keyOf(blob: Buffer): KnownKey {
  const length = blob.length < 4 ? 0 : blob.readUInt32BE(0);
  const hash = createHash("sha256").update(blob).digest("base64").replace(/=+$/, "");
  return { type: blob.toString("latin1", 4, 4 + length), fingerprint: `SHA256:${hash}` };
}

export function isKnown(key: KnownKey, known: readonly KnownKey[]): boolean {
  return known.some(({ fingerprint }) => fingerprint === key.fingerprint);
}

/** Why a host is not trusted, and what to do. */
export function untrusted(
  place: string,
  connection: string,
  blob: Buffer,
  known: readonly KnownKey[],
): string {
  const { type, fingerprint } = keyOf(blob);
  const shown = `${type} ${fingerprint}`;
  if (known.length > 0)
    return `The host ${place} has another key than the connection "${connection}" names: it shows ${shown}. Another machine may answer in its place. When the host has a new key, set host_key`;
  return `The connection "${connection}" does not say which key the host ${place} has. It shows ${shown}. Compare this with the host itself, then set host_key to: ${type} ${blob.toString("base64")}`;
}
