/** Users of the page and the API, with their grants. */
import type { Grant } from "../../access/permissions.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";

export interface WebUser {
  readonly id: number;
  readonly name: string;
  readonly hasPassword: boolean;
  /** The OIDC provider of the user; null for a local user. */
  readonly issuer: string | null;
  readonly createdAt: Date;
  /** Null: the user may log in. */
  readonly disabledAt: Date | null;
  /** Counts changes of roles, and of disabling. */
  readonly version: number;
  readonly grants: readonly Grant[];
}

/** The grants of the user `u`, as JSON. */
export const GRANTS_OF_U = `(
  select coalesce(json_agg(json_build_object('role', g.role, 'tag', nullif(g.tag, ''))
    order by g.tag), '[]')
  from dagsmith.user_grant g where g.user_id = u.id)`;

const USER = `u.id, u.name, u.password is not null as "hasPassword", u.issuer,
  u.created_at as "createdAt", u.disabled_at as "disabledAt", u.version,
  ${GRANTS_OF_U} as grants`;

const LIST: Statement = {
  name: "user_list",
  text: `select ${USER} from dagsmith.web_user u order by u.name limit 1000`,
};
const FIND: Statement = {
  name: "user_find",
  text: `select ${USER} from dagsmith.web_user u where u.name = $1`,
};
const ANY: Statement = { name: "user_any", text: "select id from dagsmith.web_user limit 1" };
const PASSWORD: Statement = {
  name: "user_password",
  text: `select u.id, u.password from dagsmith.web_user u where u.name = $1 and u.disabled_at is null`,
};
const INSERT: Statement = {
  name: "user_insert",
  text: `
insert into dagsmith.web_user (name, password, issuer, subject) values ($1, $2, $3, $4)
on conflict do nothing returning id`,
};
const SET_PASSWORD: Statement = {
  name: "user_set_password",
  text: "update dagsmith.web_user set password = $2 where id = $1 returning id",
};
const SET_DISABLED: Statement = {
  name: "user_set_disabled",
  text: `
update dagsmith.web_user set version = version + 1,
  disabled_at = case when $2 then coalesce(disabled_at, now()) end
where id = $1`,
};
const DELETE: Statement = {
  name: "user_delete",
  text: "delete from dagsmith.web_user where id = $1 returning id",
};
const OF_SUBJECT: Statement = {
  name: "user_of_subject",
  text: `select ${USER} from dagsmith.web_user u where u.issuer = $1 and u.subject = $2`,
};

export function listUsers(db: Queryable): Promise<readonly WebUser[]> {
  return db.query<WebUser & Record<string, unknown>>(LIST);
}

export async function findUser(db: Queryable, name: string): Promise<WebUser | undefined> {
  return (await db.query<WebUser & Record<string, unknown>>(FIND, [name]))[0];
}

/** The user that an OIDC provider calls by this subject. */
export async function userOfSubject(
  db: Queryable,
  issuer: string,
  subject: string,
): Promise<WebUser | undefined> {
  return (await db.query<WebUser & Record<string, unknown>>(OF_SUBJECT, [issuer, subject]))[0];
}

export async function hasUsers(db: Queryable): Promise<boolean> {
  return (await db.query(ANY)).length > 0;
}

/** The hash of a user's password; null when the user has none. */
export async function passwordOf(
  db: Queryable,
  name: string,
): Promise<{ readonly id: number; readonly password: string | null } | undefined> {
  return (await db.query<{ id: number; password: string | null }>(PASSWORD, [name]))[0];
}

export interface NewUser {
  readonly name: string;
  readonly password: string | null;
  readonly issuer?: string;
  readonly subject?: string;
}

/** @returns its id; undefined when the name is taken */
export async function insertUser(
  db: Queryable,
  { name, password, issuer = "", subject = "" }: NewUser,
): Promise<number | undefined> {
  const values = [name, password, issuer || null, subject || null];
  return (await db.query<{ id: number }>(INSERT, values))[0]?.id;
}

/** @returns false when there is no such user */
export async function setPasswordHash(
  db: Queryable,
  userId: number,
  password: string,
): Promise<boolean> {
  return (await db.query(SET_PASSWORD, [userId, password])).length > 0;
}

/** Whether a user may neither log in nor use a token. */
export async function setDisabled(
  db: Queryable,
  userId: number,
  isDisabled: boolean,
): Promise<void> {
  await db.query(SET_DISABLED, [userId, isDisabled]);
}

/** Deletes a user with grants, sessions and tokens. @returns false when there was none */
export async function deleteUser(db: Queryable, userId: number): Promise<boolean> {
  return (await db.query(DELETE, [userId])).length > 0;
}

interface GrantRow extends Grant {
  readonly userId: number;
}

const GRANTS = rowsOf<GrantRow>(
  {
    user_id: ["bigint", ({ userId }) => userId],
    role: ["text", ({ role }) => role],
    tag: ["text", ({ tag }) => tag ?? ""],
  },
  2,
);

const REPLACE_GRANTS: Statement = {
  name: "user_replace_grants",
  text: `
with given as (select ${GRANTS.names} from ${GRANTS.as("v")}),
gone as (
  delete from dagsmith.user_grant
  where user_id = $1 and tag not in (select tag from given)
), changed as (
  update dagsmith.web_user set version = version + 1 where id = $1
)
insert into dagsmith.user_grant (${GRANTS.names}) select ${GRANTS.names} from given
on conflict (user_id, tag) do update set role = excluded.role`,
};

/** Gives a user these grants in place of the grants before. */
export async function replaceGrants(
  db: Queryable,
  userId: number,
  grants: readonly Grant[],
): Promise<void> {
  const rows = grants.map((grant) => ({ ...grant, userId }));
  await db.query(REPLACE_GRANTS, [userId, ...GRANTS.values(rows)]);
}

const ADMINS: Statement = {
  name: "user_admins",
  text: `
select u.id from dagsmith.web_user u join dagsmith.user_grant g on g.user_id = u.id
where g.role = 'admin' and g.tag = '' and u.disabled_at is null order by u.id for update of u`,
};

/**
 * The users with the role admin for all DAGs who may log in. Locks them, so that not all
 * can be removed.
 */
export async function lockAdmins(db: Queryable): Promise<readonly number[]> {
  return (await db.query<{ id: number }>(ADMINS)).map(({ id }) => id);
}
