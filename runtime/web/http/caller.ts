/** Who sent a request, and the permission under which it passed. */
import type { Request } from "express";
import type { Permission, Rights } from "../../access/permissions.ts";
import { Refused } from "./refused.ts";

/** A caller that has logged in. */
export interface Caller {
  /** The name for the audit. */
  readonly actor: string;
  /** Null for the token of the deployment, which is no user. */
  readonly user: { readonly id: number; readonly name: string } | null;
  /** The session of a browser; null for a program that sends a token. */
  readonly session: { readonly id: number; readonly formToken: string } | null;
  readonly rights: Rights;
}

/** The permission that a request passed with. */
interface Checked {
  readonly permission: Permission;
  /** The tags of its DAG. Null: it is about no DAG, or no grant depends on tags. */
  readonly tags: readonly string[] | null;
}

const CALLERS = new WeakMap<Request, Caller>();
const CHECKS = new WeakMap<Request, Checked>();

export function setCaller(request: Request, caller: Caller): void {
  CALLERS.set(request, caller);
}

/** Whether the request is logged in. */
export const hasCaller = (request: Request): boolean => CALLERS.has(request);

/** @throws Refused 401 when the request is not logged in */
export function callerOf(request: Request): Caller {
  const caller = CALLERS.get(request);
  if (caller) return caller;
  throw new Refused(401, "Log in, or send the token as: Authorization: Bearer <token>");
}

export function rememberCheck(request: Request, check: Checked): void {
  CHECKS.set(request, check);
}

/** @throws Refused 403 when no route has checked the request */
export function checkOf(request: Request): Checked {
  const check = CHECKS.get(request);
  if (check) return check;
  throw new Refused(403, "This address names no permission.");
}
