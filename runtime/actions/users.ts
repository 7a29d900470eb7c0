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
import { rolesText } from "../words/roles_text.ts";
import { editSetting } from "./edit_setting.ts";

/** How long a link works, in hours. */
const LINK_HOURS = 72;

const USER_NAME = /^[a-z0-9][a-z0-9._@+-]{0,99}$/;

interface ByName {
  readonly name: string;
  readonly actor: string;
}

interface Change extends ByName {
  /** The version that the editor has read. Default: any. */
  readonly version?: number;
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
    const after = { roles: [...rolesText(grants)] };
    await audit(tx, { actor, action: "add user", detail: { user: name }, after });
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

export interface RoleRequest extends Change {
  /** Null takes the role away. */
  readonly role: Role | null;
  /** Null: for all DAGs. */
  readonly tag: string | null;
}

/**
 * Gives a user a role for all DAGs or for a tag, in place of the role before.
 * @throws DagsmithError UNKNOWN_USER, LAST_ADMIN, CHANGED_MEANWHILE
 */
export async function setRole(db: Database, request: RoleRequest): Promise<void> {
  const { role, tag, actor } = request;
  await editUser(db, request, async (tx, user) => {
    if (tag === null && role !== "admin") await keepAnAdmin(tx, user);
    const others = user.grants.filter((grant) => grant.tag !== tag);
    const grants = role === null ? others : [...others, { role, tag }];
    await replaceGrants(tx, user.id, grants);
    const change = { before: [...rolesText(user.grants)], after: [...rolesText(grants)] };
    await audit(tx, { actor, action: "set role", detail: { user: user.name }, ...change });
  });
}

/**
 * Keeps a user out, or lets the user in again. Sessions end at once; roles and tokens stay,
 * and tokens are refused meanwhile.
 * @throws DagsmithError UNKNOWN_USER, LAST_ADMIN, CHANGED_MEANWHILE
 */
export async function disableUser(db: Database, request: Change): Promise<void> {
  await editUser(db, request, async (tx, user) => {
    await keepAnAdmin(tx, user);
    await setDisabled(tx, user.id, true);
    await endSessions(tx, user.id, null);
    const change = { before: { disabled: user.disabledAt !== null }, after: { disabled: true } };
    await audit(tx, { ...entryOf(user, request), action: "disable user", ...change });
  });
}

/** @throws DagsmithError UNKNOWN_USER, CHANGED_MEANWHILE */
export async function enableUser(db: Database, request: Change): Promise<void> {
  await editUser(db, request, async (tx, user) => {
    await setDisabled(tx, user.id, false);
    const change = { before: { disabled: user.disabledAt !== null }, after: { disabled: false } };
    await audit(tx, { ...entryOf(user, request), action: "enable user", ...change });
  });
}

const entryOf = ({ name }: WebUser, { actor }: ByName) => ({ actor, detail: { user: name } });

/** @throws DagsmithError UNKNOWN_USER, CHANGED_MEANWHILE */
function editUser(
  db: Database,
  { name, version }: Change,
  edit: (tx: Queryable, user: WebUser) => Promise<void>,
): Promise<void> {
  const find = (tx: Queryable) => findUser(tx, name);
  return editSetting(db, { kind: "user", id: name, version }, find, (tx, user) => {
    if (!user) throw new DagsmithError("UNKNOWN_USER", { user: name });
    return edit(tx, user);
  });
}

/**
 * Removes a user. Sessions and tokens of the user end at once; the audit keeps the name.
 * @throws DagsmithError UNKNOWN_USER, LAST_ADMIN, CHANGED_MEANWHILE
 */
export async function removeUser(db: Database, request: Change): Promise<void> {
  await editUser(db, request, async (tx, user) => {
    await keepAnAdmin(tx, user);
    await deleteUser(tx, user.id);
    const before = { roles: [...rolesText(user.grants)] };
    await audit(tx, { ...entryOf(user, request), action: "remove user", before });
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
