/**
 * Seals every stored secret with the newest key. It works in batches, each whole by
 * itself: what is killed in the middle has left each row under its old key or its new
 * one, and can be started again.
 */
import type { SecretOwner } from "../secrets/encryption.ts";
import { type SecretKeys, seal, unseal } from "../secrets/keys.ts";
import { audit } from "../store/access/audit.ts";
import {
  type NamedSealedRow,
  putResealed,
  type ResealedRow,
  type SealedKind,
  sealedOtherwise,
} from "../store/access/sealed.ts";
import type { Database } from "../store/database/database.ts";

export interface Rotation {
  /** Rows that were sealed with the newest key. */
  readonly resealed: number;
  /** Rows that none of the keys opens; they stay as they were. */
  readonly unreadable: readonly SecretOwner[];
}

/** Rows that one statement replaces. */
const BATCH = 100;

/**
 * Needs no pause: each process that has both keys reads every row before, while and
 * after.
 * @throws DagsmithError never for a row that cannot be opened, which is in the result
 */
export async function rotateKeys(
  db: Database,
  keys: SecretKeys,
  { actor }: { readonly actor: string },
): Promise<Rotation> {
  await audit(db, { actor, action: "rotate keys", detail: { key: keys.sealing } });
  const connections = await rotateKind(db, keys, "connection");
  const variables = await rotateKind(db, keys, "variable");
  return {
    resealed: connections.resealed + variables.resealed,
    unreadable: [...connections.unreadable, ...variables.unreadable],
  };
}

/** Repeats while a row was set under an older key after it was read here. */
async function rotateKind(db: Database, keys: SecretKeys, kind: SealedKind): Promise<Rotation> {
  let resealed = 0;
  for (;;) {
    const pass = await passOver(db, keys, kind);
    resealed += pass.resealed;
    if (!pass.lostRows) return { resealed, unreadable: pass.unreadable };
  }
}

interface Pass extends Rotation {
  /** Whether a row had changed meanwhile. */
  readonly lostRows: boolean;
}

async function passOver(db: Database, keys: SecretKeys, kind: SealedKind): Promise<Pass> {
  const pass = { resealed: 0, unreadable: [] as SecretOwner[], lostRows: false };
  for (let after = ""; ; ) {
    const found = await sealedOtherwise(db, kind, { after, keyId: keys.sealing, limit: BATCH });
    const [rows, unreadable] = resealedRows(keys, kind, found);
    const put = rows.length === 0 ? 0 : await putResealed(db, kind, rows);
    pass.resealed += put;
    pass.lostRows ||= put < rows.length;
    pass.unreadable.push(...unreadable);
    const last = found.at(-1);
    if (!last || found.length < BATCH) return pass;
    after = last.id;
  }
}

function resealedRows(
  keys: SecretKeys,
  kind: SealedKind,
  found: readonly NamedSealedRow[],
): readonly [rows: readonly ResealedRow[], unreadable: readonly SecretOwner[]] {
  const rows: ResealedRow[] = [];
  const unreadable: SecretOwner[] = [];
  for (const { id, ...sealed } of found) {
    const owner = { kind, id };
    try {
      rows.push({ id, was: sealed.secret, ...seal(keys, owner, unseal(keys, owner, sealed)) });
    } catch {
      unreadable.push(owner);
    }
  }
  return [rows, unreadable];
}
