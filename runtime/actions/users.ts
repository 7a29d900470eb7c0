/** What admins do with users: add, give roles, remove, and send links to log in. */
import { DagsmithError } from "../../sdk/errors.ts";
import type { Grant, Role } from "../access/permissions.ts";
import { hashOfSecret, newSecret } from "../access/token.ts";
import { audit } from "../store/access/audit.ts";
import { createLinkRow } from "../store/access/login_link.ts";
import { endSessions } from "../store/access/web_session.ts";
import {
  deleteUser,
  findUser,
  insertUser,
  lockAdmins,
  replaceGrants,
  setDisabled,
  type WebUser,
} from "../store/access/web_user.ts";
import type { Database, Queryable } from "../store/database/database.ts";

/** How long a link works, in hours. */
const LINK_HOURS = 72;

const USER_NAME = /^[a-z0-9][a-z0-9._@+-]{0,99}$/;

interface ByName {
  readonly name: string;
  readonly actor: string;
}

/**
 * Adds a user, who has no password yet: {@link makeLoginLink} makes the link to set one.
 * @param request.name lower case letters, digits, and . _ @ + -
 * @throws DagsmithError INVALID_ARGUMENT, USER_EXISTS
 */
export async function addUser(
  db: Database,
  { name, grants, actor }: ByName & { readonly grants: readonly Grant[] },
): Promise<void> {
  checkUserName(name);
  await db.transaction(async (tx) => {
    const id = await insertUser(tx, { name, password: null });
    if (id === undefined) throw new DagsmithError("USER_EXISTS", { user: name });
    await replaceGrants(tx, id, grants);
    await audit(tx, { actor, action: "add user", detail: { user: name, roles: shown(grants) } });
  });
}

/** @throws DagsmithError INVALID_ARGUMENT */
export function checkUserName(name: string): void {
  if (USER_NAME.test(name)) return;
  throw new DagsmithError("INVALID_ARGUMENT", {
    argument: "name",
    reason: 'use 1 to 100 lower-case letters, digits, ".", "_", "@", "+" or "-"',
  });
}

export interface RoleRequest extends ByName {
  /** Null takes the role away. */
  readonly role: Role | null;
  /** Null: for all DAGs. */
  readonly tag: string | null;
}

/**
 * Gives a user a role for all DAGs or for a tag, in place of the role before.
 * @throws DagsmithError UNKNOWN_USER, LAST_ADMIN
 */
export async function setRole(
  db: Database,
  { name, role, tag, actor }: RoleRequest,
): Promise<void> {
  await db.transaction(async (tx) => {
    const user = await needUser(tx, name);
    if (tag === null && role !== "admin") await keepAnAdmin(tx, user);
    const others = user.grants.filter((grant) => grant.tag !== tag);
    const grants = role === null ? others : [...others, { role, tag }];
    await replaceGrants(tx, user.id, grants);
    const detail = { user: name, before: shown(user.grants), after: shown(grants) };
    await audit(tx, { actor, action: "set role", detail });
  });
}

/**
 * Keeps a user out, or lets the user in again. Sessions end at once; roles and tokens stay,
 * and tokens are refused meanwhile.
 * @throws DagsmithError UNKNOWN_USER, LAST_ADMIN
 */
export async function disableUser(db: Database, { name, actor }: ByName): Promise<void> {
  await db.transaction(async (tx) => {
    const user = await needUser(tx, name);
    await keepAnAdmin(tx, user);
    await setDisabled(tx, user.id, true);
    await endSessions(tx, user.id, null);
    await audit(tx, { actor, action: "disable user", detail: { user: name } });
  });
}

/** @throws DagsmithError UNKNOWN_USER */
export async function enableUser(db: Database, { name, actor }: ByName): Promise<void> {
  await db.transaction(async (tx) => {
    const user = await needUser(tx, name);
    await setDisabled(tx, user.id, false);
    await audit(tx, { actor, action: "enable user", detail: { user: name } });
  });
}

/**
 * Removes a user. Sessions and tokens of the user end at once; the audit keeps the name.
 * @throws DagsmithError UNKNOWN_USER, LAST_ADMIN
 */
export async function removeUser(db: Database, { name, actor }: ByName): Promise<void> {
  await db.transaction(async (tx) => {
    const user = await needUser(tx, name);
    await keepAnAdmin(tx, user);
    await deleteUser(tx, user.id);
    await audit(tx, { actor, action: "remove user", detail: { user: name } });
  });
}

/** Without an admin, no one could manage users from the page. */
async function keepAnAdmin(tx: Queryable, { id, name }: WebUser): Promise<void> {
  const admins = await lockAdmins(tx);
  if (admins.length === 1 && admins[0] === id)
    throw new DagsmithError("LAST_ADMIN", { user: name });
}

/**
 * Makes a link that logs the user in once and lets the user set a password.
 * @param request.name null: the link makes the first admin
 * @returns the secret of the link, which is stored as a hash only
 * @throws DagsmithError UNKNOWN_USER
 */
export async function makeLoginLink(
  db: Database,
  { name, actor }: { readonly name: string | null; readonly actor: string },
): Promise<string> {
  const secret = newSecret();
  await db.transaction(async (tx) => {
    const user = name === null ? null : await needUser(tx, name);
    await createLinkRow(tx, hashOfSecret(secret), user?.id ?? null, LINK_HOURS);
    if (user) await audit(tx, { actor, action: "make login link", detail: { user: user.name } });
  });
  return secret;
}

/**
 * Ends all sessions of a user. @returns how many
 * @throws DagsmithError UNKNOWN_USER
 */
export function endUserSessions(db: Database, { name, actor }: ByName): Promise<number> {
  return db.transaction(async (tx) => {
    const user = await needUser(tx, name);
    const sessions = await endSessions(tx, user.id, null);
    await audit(tx, { actor, action: "end sessions", detail: { user: name, sessions } });
    return sessions;
  });
}

/** @throws DagsmithError UNKNOWN_USER */
export async function needUser(db: Queryable, name: string): Promise<WebUser> {
  const user = await findUser(db, name);
  if (!user) throw new DagsmithError("UNKNOWN_USER", { user: name });
  return user;
}

function shown(grants: readonly Grant[]): string[] {
  return grants.map(({ role, tag }) => (tag === null ? role : `${role} for tag ${tag}`));
}
