/**
 * Settings that people change by their name. A name is locked while one of them changes
 * it, so that the next one finds what was stored.
 */
import type { Queryable, Statement } from "../database/database.ts";

export type SettingKind = "pool" | "connection" | "variable" | "user";

const LOCK: Statement = {
  name: "setting_lock",
  text: "select pg_advisory_xact_lock(hashtextextended('dagsmith ' || $1 || ' ' || $2, 0))",
};

/** Locks a name until the end of the transaction, also when there is no row yet. */
export async function lockSetting(tx: Queryable, kind: SettingKind, id: string): Promise<void> {
  await tx.query(LOCK, [kind, id]);
}
