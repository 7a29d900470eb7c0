/** Stored connections. Callers encrypt their contents; only id and type are readable. */
import type { Queryable } from "../database/database.ts";
import type { SealedRow } from "./sealed.ts";
import { deleteSetting, firstVersion } from "./setting.ts";

export interface StoredConnection {
  readonly id: string;
  readonly type: string;
  readonly updatedAt: Date;
  /** Counts changes, from 1; after a delete it goes on. */
  readonly version: number;
}

const LIST = {
  name: "connection_list",
  text: `select id, type, updated_at as "updatedAt", version from dagsmith.connection order by id`,
};
const FIND = {
  name: "connection_find",
  text: `select key_id as "keyId", secret, version from dagsmith.connection where id = $1`,
};
const ALL = {
  name: "connection_all",
  text: `select id, key_id as "keyId", secret from dagsmith.connection order by id`,
};
const PUT = {
  name: "connection_put",
  text: `
insert into dagsmith.connection (id, type, key_id, secret, version)
values ($1, $2, $3, $4, ${firstVersion("connection")})
on conflict (id) do update
set type = excluded.type, key_id = excluded.key_id, secret = excluded.secret,
  updated_at = now(), version = connection.version + 1`,
};
const DELETE = {
  name: "connection_delete",
  text: deleteSetting("connection"),
};

/** All connections, by id. */
export function listConnections(db: Queryable): Promise<readonly StoredConnection[]> {
  return db.query<StoredConnection>(LIST);
}

/** The encrypted connection; null when there is none. */
export async function findConnection(
  db: Queryable,
  id: string,
): Promise<(SealedRow & { readonly version: number }) | null> {
  const [row] = await db.query<SealedRow & { version: number }>(FIND, [id]);
  return row ?? null;
}

/** All encrypted connections, to mask their secrets in logs. */
export function allConnections(
  db: Queryable,
): Promise<readonly (SealedRow & { readonly id: string })[]> {
  return db.query<SealedRow & { id: string }>(ALL);
}

/** Stores or replaces a connection. */
export async function putConnection(
  db: Queryable,
  row: SealedRow & { readonly id: string; readonly type: string },
): Promise<void> {
  await db.query(PUT, [row.id, row.type, row.keyId, row.secret]);
}

/** Deletes a connection. */
export async function deleteConnection(db: Queryable, id: string): Promise<void> {
  await db.query(DELETE, [id]);
}
