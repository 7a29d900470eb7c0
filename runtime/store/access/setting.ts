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

/** Settings whose names are their keys, and the columns of these names. */
const KEYS = { connection: "id", pool: "name", variable: "key" } as const;

/**
 * The version of a new row: it counts on from the deleted row of the same name, so that
 * an editor who has read that row is refused.
 */
export const firstVersion = (kind: keyof typeof KEYS): string =>
  `coalesce((select version from dagsmith.deleted_setting where kind = '${kind}' and id = $1), 0) + 1`;

/** The text that deletes the setting with the name `$1`, and keeps its version. */
export const deleteSetting = (kind: keyof typeof KEYS): string => `
with gone as (delete from dagsmith.${kind} where ${KEYS[kind]} = $1 returning version)
insert into dagsmith.deleted_setting (kind, id, version) select '${kind}', $1, version from gone
on conflict (kind, id) do update set version = excluded.version`;
