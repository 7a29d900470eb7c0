/** Sessions of the page. The secret is in the cookie only; a row has its hash. */
import type { Grant } from "../../access/permissions.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { GRANTS_OF_U } from "./web_user.ts";

/** Life of a session: at most 7 days, and 24 hours after its last use. */
export const SESSION_DAYS = 7;
const IDLE_HOURS = 24;

/** How exact `used_at` is: a busy page must not write a row with each request. */
const TOUCH_SECONDS = 60;

const IS_ALIVE = `s.ends_at > now() and s.used_at > now() - interval '${IDLE_HOURS} hours'`;

const OPEN: Statement = {
  name: "session_open",
  text: `
with ended as (
  delete from dagsmith.web_session s where not (${IS_ALIVE})
)
insert into dagsmith.web_session (secret_hash, user_id, ends_at, address, browser)
select $1, u.id, now() + interval '${SESSION_DAYS} days', $3, $4
from dagsmith.web_user u where u.id = $2 and u.disabled_at is null for share of u
returning id`,
};
const FIND: Statement = {
  name: "session_find",
  text: `
select s.id, s.user_id as "userId", u.name, ${GRANTS_OF_U} as grants, s.secret_hash as hash,
  s.used_at < now() - interval '${TOUCH_SECONDS} seconds' as "isOld"
from dagsmith.web_session s join dagsmith.web_user u on u.id = s.user_id
where s.secret_hash = any($1::bytea[]) and ${IS_ALIVE} and u.disabled_at is null
order by s.id desc limit 1`,
};
const TOUCH: Statement = {
  name: "session_touch",
  text: "update dagsmith.web_session set used_at = now() where id = $1",
};
const LIST: Statement = {
  name: "session_list",
  text: `
select s.id, s.created_at as "createdAt", s.used_at as "usedAt", s.ends_at as "endsAt",
  s.address, s.browser
from dagsmith.web_session s
where s.user_id = $1 and ${IS_ALIVE} order by s.used_at desc, s.id desc limit 100`,
};
const END: Statement = {
  name: "session_end",
  text: "delete from dagsmith.web_session where id = $1 and user_id = $2 returning id",
};
const END_ALL: Statement = {
  name: "session_end_all",
  text: `
delete from dagsmith.web_session where user_id = $1 and id is distinct from $2 returning id`,
};

export interface NewSession {
  readonly hash: Buffer;
  readonly userId: number;
  readonly address: string;
  readonly browser: string;
}

/**
 * Opens a session, and deletes the sessions of all users that have ended.
 * @returns false when the user has just been disabled: the session would be alive once
 *   the user is enabled again
 */
export async function openSession(
  db: Queryable,
  { hash, userId, address, browser }: NewSession,
): Promise<boolean> {
  return (await db.query(OPEN, [hash, userId, address, browser])).length > 0;
}

export interface FoundSession {
  readonly id: number;
  readonly userId: number;
  readonly name: string;
  readonly grants: readonly Grant[];
  readonly hash: Buffer;
  /** Whether {@link touchSession} is due. */
  readonly isOld: boolean;
}

/** The newest live session of these hashes. */
export async function findSession(
  db: Queryable,
  hashes: readonly Buffer[],
): Promise<FoundSession | undefined> {
  return (await db.query<FoundSession & Record<string, unknown>>(FIND, [hashes]))[0];
}

export async function touchSession(db: Queryable, id: number): Promise<void> {
  await db.query(TOUCH, [id]);
}

export interface SessionRow {
  readonly id: number;
  readonly createdAt: Date;
  readonly usedAt: Date;
  readonly endsAt: Date;
  readonly address: string;
  readonly browser: string;
}

/** The live sessions of a user, the last used first. */
export function listSessions(db: Queryable, userId: number): Promise<readonly SessionRow[]> {
  return db.query<SessionRow & Record<string, unknown>>(LIST, [userId]);
}

/** Ends one session of a user. @returns false when there was none */
export async function endSession(db: Queryable, id: number, userId: number): Promise<boolean> {
  return (await db.query(END, [id, userId])).length > 0;
}

/** Ends the sessions of a user. @param except one that goes on @returns how many ended */
export async function endSessions(
  db: Queryable,
  userId: number,
  except: number | null,
): Promise<number> {
  return (await db.query(END_ALL, [userId, except])).length;
}
