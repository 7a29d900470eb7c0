/** Links that log in once: for the first admin, and for a user who sets a password. */
import type { Queryable, Statement } from "../database/database.ts";

const CREATE: Statement = {
  name: "link_create",
  text: `
with expired as (
  delete from dagsmith.login_link where expires_at <= now()
)
insert into dagsmith.login_link (secret_hash, user_id, expires_at)
values ($1, $2, now() + $3::int * interval '1 hour')`,
};
const FIND: Statement = {
  name: "link_find",
  text: `
select l.user_id as "userId", u.name
from dagsmith.login_link l left join dagsmith.web_user u on u.id = l.user_id
where l.secret_hash = $1 and l.expires_at > now() and u.disabled_at is null`,
};
// All links of the user, or all links for the first admin: a second link must not work
// later.
const USE: Statement = {
  name: "link_use",
  text: `
delete from dagsmith.login_link l
where exists (
    select from dagsmith.login_link given
    where given.secret_hash = $1 and given.expires_at > now()
      and given.user_id is not distinct from l.user_id)
returning l.secret_hash = $1 as "isGiven", l.user_id as "userId"`,
};

/** @param userId null: a link for the first admin */
export async function createLinkRow(
  db: Queryable,
  hash: Buffer,
  userId: number | null,
  hours: number,
): Promise<void> {
  await db.query(CREATE, [hash, userId, hours]);
}

export interface FoundLink {
  /** Null: the link makes the first admin. */
  readonly userId: number | null;
  readonly name: string | null;
}

/** The link with this hash, unless it was used or has expired. */
export async function findLink(db: Queryable, hash: Buffer): Promise<FoundLink | undefined> {
  return (await db.query<FoundLink & Record<string, unknown>>(FIND, [hash]))[0];
}

/** Uses a link up. @returns undefined when it was used or has expired */
export async function useLink(
  db: Queryable,
  hash: Buffer,
): Promise<{ readonly userId: number | null } | undefined> {
  const rows = await db.query<{ isGiven: boolean; userId: number | null }>(USE, [hash]);
  return rows.find(({ isGiven }) => isGiven);
}
