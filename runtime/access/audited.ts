/**
 * Every action that the audit records, and what its entry says of the change. Pure.
 *
 * - `change`: what was before and what is after
 * - `creation`: what is after
 * - `removal`: what was before
 * - `act`: neither, because nothing is changed, or the value is a secret
 */
export const AUDITED = {
  trigger: "creation",
  backfill: "creation",
  "pause backfill": "change",
  "resume backfill": "change",
  "cancel backfill": "change",
  pause: "change",
  unpause: "change",
  cancel: "change",
  "cancel task": "change",
  clear: "change",
  "mark run": "change",
  "mark task": "change",
  note: "change",
  label: "change",
  answer: "creation",
  "send event": "creation",
  "update asset": "creation",
  webhook: "act",
  "stop event loop": "act",
  deploy: "change",
  rollback: "change",
  promote: "change",
  remove: "removal",
  "install events": "act",
  "uninstall events": "act",
  "set pool": "change",
  "delete pool": "removal",
  "set variable": "change",
  "delete variable": "removal",
  "read variable": "act",
  "set connection": "change",
  "delete connection": "removal",
  "test connection": "act",
  "read connection": "act",
  "rotate keys": "act",
  "set state": "change",
  "delete state": "removal",
  clean: "act",
  "add user": "creation",
  "set role": "change",
  "roles by OIDC": "change",
  "disable user": "change",
  "enable user": "change",
  "remove user": "removal",
  "make login link": "act",
  "create token": "creation",
  "revoke token": "removal",
  "change password": "act",
  "set password by link": "act",
  "log in": "act",
  "log out": "act",
  "end session": "act",
  "end sessions": "act",
  "refuse password": "act",
  "refuse token": "act",
  "refuse link": "act",
} as const satisfies Readonly<Record<string, "change" | "creation" | "removal" | "act">>;

export type AuditedAction = keyof typeof AUDITED;

/** The actions whose entries say the same of a change. */
export type AuditedAs<Kind> = {
  [Action in AuditedAction]: (typeof AUDITED)[Action] extends Kind ? Action : never;
}[AuditedAction];
