/** What users do with their own account: password, sessions, tokens. */
import { DagsmithError } from "../../sdk/errors.ts";
import { hashPassword, PASSWORD_LENGTH } from "../access/password.ts";
import type { Permission } from "../access/permissions.ts";
import { hashOfSecret, newToken } from "../access/token.ts";
import { deleteToken, insertToken } from "../store/access/api_token.ts";
import { audit } from "../store/access/audit.ts";
import { findLink, useLink } from "../store/access/login_link.ts";
import {
  endSession as endSessionRow,
  endSessions as endSessionRows,
} from "../store/access/web_session.ts";
import { insertUser, replaceGrants, setPasswordHash } from "../store/access/web_user.ts";
import type { Database, Queryable } from "../store/database/database.ts";
import { checkUserName, needUser } from "./users.ts";

export interface AcceptedLink {
  /** The secret of the link. */
  readonly secret: string;
  /** The name of the first admin; other links know their user. */
  readonly name: string;
  readonly password: string;
  /** The address of the client. */
  readonly address: string;
}

/**
 * Uses a link up: sets the password of its user, or creates the first admin.
 * @returns the id of the user
 * @throws DagsmithError LINK_USED, INVALID_ARGUMENT, USER_EXISTS
 */
export async function acceptLink(db: Database, accepted: AcceptedLink): Promise<number> {
  const { secret, name, password, address } = accepted;
  checkPassword(password);
  const hash = hashOfSecret(secret);
  const found = await findLink(db, hash);
  if (!found) throw new DagsmithError("LINK_USED", {});
  const user = found.name ?? name;
  checkUserName(user);
  const passwordHash = await hashPassword(password);
  return db.transaction(async (tx) => {
    const link = await useLink(tx, hash);
    if (!link) throw new DagsmithError("LINK_USED", {});
    const id = link.userId ?? (await addFirstAdmin(tx, user));
    await setPasswordHash(tx, id, passwordHash);
    // A link may be used because a password was lost: old sessions must not go on.
    await endSessionRows(tx, id, null);
    await audit(tx, { actor: `${user} from ${address}`, action: "set password by link" });
    return id;
  });
}

async function addFirstAdmin(tx: Queryable, name: string): Promise<number> {
  const id = await insertUser(tx, { name, password: null });
  if (id === undefined) throw new DagsmithError("USER_EXISTS", { user: name });
  await replaceGrants(tx, id, [{ role: "admin", tag: null }]);
  return id;
}

/** @throws DagsmithError INVALID_ARGUMENT */
function checkPassword(password: string): void {
  const { least, most } = PASSWORD_LENGTH;
  if (password.length >= least && password.length <= most) return;
  const reason = `use ${least} to ${most} characters`;
  throw new DagsmithError("INVALID_ARGUMENT", { argument: "password", reason });
}

/**
 * Changes the password of a user and ends the user's other sessions.
 * @param request.sessionId the session that goes on
 * @throws DagsmithError INVALID_ARGUMENT
 */
export async function changePassword(
  db: Database,
  request: {
    readonly userId: number;
    readonly password: string;
    readonly sessionId: number | null;
    readonly actor: string;
  },
): Promise<void> {
  checkPassword(request.password);
  const hash = await hashPassword(request.password);
  await db.transaction(async (tx) => {
    await setPasswordHash(tx, request.userId, hash);
    await endSessionRows(tx, request.userId, request.sessionId);
    await audit(tx, { actor: request.actor, action: "change password" });
  });
}

/** Ends one session of a user; one that has ended already is left alone. */
export async function endSession(
  db: Database,
  { id, userId, actor }: { readonly id: number; readonly userId: number; readonly actor: string },
): Promise<void> {
  await db.transaction(async (tx) => {
    if (await endSessionRow(tx, id, userId))
      await audit(tx, { actor, action: "end session", detail: { session: id } });
  });
}

/**
 * Ends all sessions of a user. @param request.except one that goes on @returns how many
 */
export function endSessions(
  db: Database,
  request: { readonly userId: number; readonly except: number | null; readonly actor: string },
): Promise<number> {
  return db.transaction(async (tx) => {
    const sessions = await endSessionRows(tx, request.userId, request.except);
    await audit(tx, { actor: request.actor, action: "end sessions", detail: { sessions } });
    return sessions;
  });
}

export interface TokenRequest {
  /** The user whose rights the token has. */
  readonly user: string;
  /** 1 to 100 letters, digits, and . _ - */
  readonly name: string;
  /** Null: all permissions of the user. */
  readonly scopes: readonly Permission[] | null;
  /** Days until it expires; null: never. */
  readonly days: number | null;
  readonly actor: string;
}

const TOKEN_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/**
 * Creates an API token.
 * @returns the token, which is stored as a hash only
 * @throws DagsmithError UNKNOWN_USER, TOKEN_EXISTS, INVALID_ARGUMENT
 */
export async function createToken(db: Database, request: TokenRequest): Promise<string> {
  const { user, name, scopes, days, actor } = request;
  if (!TOKEN_NAME.test(name))
    throw new DagsmithError("INVALID_ARGUMENT", {
      argument: "name",
      reason: 'use 1 to 100 letters, digits, ".", "_" or "-"',
    });
  const token = newToken();
  await db.transaction(async (tx) => {
    const { id } = await needUser(tx, user);
    const row = { userId: id, name, hash: hashOfSecret(token), scopes, days };
    if (!(await insertToken(tx, row)))
      throw new DagsmithError("TOKEN_EXISTS", { user, token: name });
    const after = { scopes: scopes && [...scopes], days };
    await audit(tx, { actor, action: "create token", detail: { user, name }, after });
  });
  return token;
}

/** Revokes an API token at once. @throws DagsmithError UNKNOWN_TOKEN */
export async function revokeToken(
  db: Database,
  { user, name, actor }: { readonly user: string; readonly name: string; readonly actor: string },
): Promise<void> {
  await db.transaction(async (tx) => {
    const revoked = await deleteToken(tx, user, name);
    if (!revoked) throw new DagsmithError("UNKNOWN_TOKEN", { user, token: name });
    const { scopes, expiresAt } = revoked;
    const before = { scopes: scopes && [...scopes], expiresAt: expiresAt?.toISOString() ?? null };
    await audit(tx, { actor, action: "revoke token", detail: { user, name }, before });
  });
}
