/** Stored variables. Callers encrypt their values; only the key is readable. */
import type { Queryable } from "../database/database.ts";
import type { SealedRow } from "./sealed.ts";
import { deleteSetting, firstVersion } from "./setting.ts";

export interface StoredVariable {
  readonly key: string;
  readonly updatedAt: Date;
  /** Counts changes, from 1; after a delete it goes on. */
  readonly version: number;
}

const LIST = {
  name: "variable_list",
  text: `select key, updated_at as "updatedAt", version from dagsmith.variable order by key`,
};
const FIND = {
  name: "variable_find",
  text: `select key_id as "keyId", secret, version from dagsmith.variable where key = $1`,
};
const ALL = {
  name: "variable_all",
  text: `select key, key_id as "keyId", secret from dagsmith.variable order by key`,
};
const PUT = {
  name: "variable_put",
  text: `
insert into dagsmith.variable (key, key_id, secret, version)
values ($1, $2, $3, ${firstVersion("variable")})
on conflict (key) do update
set key_id = excluded.key_id, secret = excluded.secret, updated_at = now(),
  version = variable.version + 1`,
};
const DELETE = {
  name: "variable_delete",
  text: deleteSetting("variable"),
};

/** All variables, by key. */
export function listVariables(db: Queryable): Promise<readonly StoredVariable[]> {
  return db.query<StoredVariable>(LIST);
}

/** The encrypted variable; null when there is none. */
export async function findVariable(
  db: Queryable,
  key: string,
): Promise<(SealedRow & { readonly version: number }) | null> {
  const [row] = await db.query<SealedRow & { version: number }>(FIND, [key]);
  return row ?? null;
}

/** All encrypted variables, to mask their values in logs. */
export function allVariables(
  db: Queryable,
): Promise<readonly (SealedRow & { readonly key: string })[]> {
  return db.query<SealedRow & { key: string }>(ALL);
}

/** Stores or replaces a variable. */
export async function putVariable(
  db: Queryable,
  row: SealedRow & { readonly key: string },
): Promise<void> {
  await db.query(PUT, [row.key, row.keyId, row.secret]);
}

/** Deletes a variable. */
export async function deleteVariable(db: Queryable, key: string): Promise<void> {
  await db.query(DELETE, [key]);
}
