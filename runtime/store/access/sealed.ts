/**
 * Sealed rows of every kind: which keys have sealed them, and how they are sealed with
 * another key. The text within is never seen here.
 */
import type { Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";

export type SealedKind = "connection" | "variable";

/** What each sealed row has. */
export interface SealedRow {
  /** Of the key that sealed it. Null: sealed before keys had ids. */
  readonly keyId: string | null;
  readonly secret: Buffer;
}

/** A row under its id. */
export type NamedSealedRow = SealedRow & { readonly id: string };

/** A row that was sealed again. */
export type ResealedRow = NamedSealedRow & {
  /** The bytes that it replaces. */
  readonly was: Buffer;
};

const RESEALED = rowsOf<ResealedRow>({
  id: ["text", (one) => one.id],
  was: ["bytea", (one) => one.was],
  key_id: ["text", (one) => one.keyId],
  secret: ["bytea", (one) => one.secret],
});

const NEXT: Readonly<Record<SealedKind, Statement>> = {
  connection: {
    name: "connection_sealed_otherwise",
    text: `
select id, key_id as "keyId", secret from dagsmith.connection
where id > $1 and key_id is distinct from $2 order by id limit $3`,
  },
  variable: {
    name: "variable_sealed_otherwise",
    text: `
select key as id, key_id as "keyId", secret from dagsmith.variable
where key > $1 and key_id is distinct from $2 order by key limit $3`,
  },
};

// The bytes are compared, so that a row that a person has set meanwhile stays as it was
// set.
const PUT: Readonly<Record<SealedKind, Statement>> = {
  connection: {
    name: "connection_reseal",
    text: `
update dagsmith.connection c set key_id = v.key_id, secret = v.secret
from ${RESEALED.as("v")} where c.id = v.id and c.secret = v.was returning c.id`,
  },
  variable: {
    name: "variable_reseal",
    text: `
update dagsmith.variable c set key_id = v.key_id, secret = v.secret
from ${RESEALED.as("v")} where c.key = v.id and c.secret = v.was returning c.key`,
  },
};

/** The next rows after an id that another key than this one has sealed, by id. */
export function sealedOtherwise(
  db: Queryable,
  kind: SealedKind,
  {
    after,
    keyId,
    limit,
  }: { readonly after: string; readonly keyId: string; readonly limit: number },
): Promise<readonly NamedSealedRow[]> {
  return db.query<NamedSealedRow>(NEXT[kind], [after, keyId, limit]);
}

/** Replaces rows that are as they were read. @returns how many there were */
export async function putResealed(
  db: Queryable,
  kind: SealedKind,
  rows: readonly ResealedRow[],
): Promise<number> {
  return (await db.query(PUT[kind], RESEALED.values(rows))).length;
}

/** How many rows each key has sealed. */
export interface KeyUse {
  readonly keyId: string | null;
  readonly connections: number;
  readonly variables: number;
}

const USES: Statement = {
  name: "sealed_by_key",
  text: `
select key_id as "keyId", sum(connections)::int as connections, sum(variables)::int as variables
from (
  select key_id, 1 as connections, 0 as variables from dagsmith.connection
  union all select key_id, 0, 1 from dagsmith.variable
) as sealed group by key_id order by key_id`,
};

/** The keys that have sealed rows, also those that are not set any more. */
export function keyUses(db: Queryable): Promise<readonly KeyUse[]> {
  return db.query<KeyUse>(USES);
}
