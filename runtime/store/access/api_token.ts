/** API tokens. The token is shown once; a row has its hash. */
import type { Grant, Permission } from "../../access/permissions.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { GRANTS_OF_U } from "./web_user.ts";

const INSERT: Statement = {
  name: "token_insert",
  text: `
insert into dagsmith.api_token (user_id, name, secret_hash, scopes, expires_at)
values ($1, $2, $3, $4, now() + $5::float8 * interval '1 day')
on conflict do nothing returning id`,
};
const FIND: Statement = {
  name: "token_find",
  text: `
select t.id, t.user_id as "userId", t.name as "tokenName", u.name, t.scopes,
  ${GRANTS_OF_U} as grants,
  coalesce(t.used_at < now() - interval '1 minute', true) as "isOld"
from dagsmith.api_token t join dagsmith.web_user u on u.id = t.user_id
where t.secret_hash = $1 and (t.expires_at is null or t.expires_at > now())
  and u.disabled_at is null`,
};
const TOUCH: Statement = {
  name: "token_touch",
  text: "update dagsmith.api_token set used_at = now() where id = $1",
};
const LIST: Statement = {
  name: "token_list",
  text: `
select t.id, u.name as "user", t.name, t.scopes, t.created_at as "createdAt",
  t.used_at as "usedAt", t.expires_at as "expiresAt"
from dagsmith.api_token t join dagsmith.web_user u on u.id = t.user_id
where $1::text is null or u.name = $1
order by u.name, t.name limit 1000`,
};
const DELETE: Statement = {
  name: "token_delete",
  text: `
delete from dagsmith.api_token t using dagsmith.web_user u
where u.id = t.user_id and u.name = $1 and t.name = $2
returning t.scopes, t.expires_at as "expiresAt"`,
};

export interface NewApiToken {
  readonly userId: number;
  readonly name: string;
  readonly hash: Buffer;
  readonly scopes: readonly Permission[] | null;
  /** Null: it does not expire. */
  readonly days: number | null;
}

/** @returns false when the user has a token of this name */
export async function insertToken(
  db: Queryable,
  { userId, name, hash, scopes, days }: NewApiToken,
): Promise<boolean> {
  const values = [userId, name, hash, scopes && JSON.stringify(scopes), days];
  return (await db.query(INSERT, values)).length > 0;
}

export interface FoundToken {
  readonly id: number;
  readonly userId: number;
  readonly tokenName: string;
  /** The name of the user. */
  readonly name: string;
  readonly scopes: readonly Permission[] | null;
  readonly grants: readonly Grant[];
  /** Whether {@link touchToken} is due. */
  readonly isOld: boolean;
}

/** The token with this hash, unless it has expired. */
export async function findToken(db: Queryable, hash: Buffer): Promise<FoundToken | undefined> {
  return (await db.query<FoundToken & Record<string, unknown>>(FIND, [hash]))[0];
}

export async function touchToken(db: Queryable, id: number): Promise<void> {
  await db.query(TOUCH, [id]);
}

export interface TokenRow {
  readonly id: number;
  readonly user: string;
  readonly name: string;
  readonly scopes: readonly Permission[] | null;
  readonly createdAt: Date;
  readonly usedAt: Date | null;
  readonly expiresAt: Date | null;
}

/** @param user the tokens of this user only; null: of all */
export function listTokens(db: Queryable, user: string | null): Promise<readonly TokenRow[]> {
  return db.query<TokenRow & Record<string, unknown>>(LIST, [user]);
}

/** @returns what the token was allowed to; undefined when the user has no such token */
export async function deleteToken(
  db: Queryable,
  user: string,
  name: string,
): Promise<Pick<TokenRow, "scopes" | "expiresAt"> | undefined> {
  type Row = Pick<TokenRow, "scopes" | "expiresAt"> & Record<string, unknown>;
  return (await db.query<Row>(DELETE, [user, name]))[0];
}
