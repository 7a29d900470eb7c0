/** Entries of the audit log as sentences: `cleared 3 task instances`. */
import type { Json } from "../../sdk/json.ts";

export interface AuditedAction {
  readonly action: string;
  readonly detail: Json;
}

type Fields = Readonly<Record<string, unknown>>;

const TEXTS: Readonly<Record<string, (detail: Fields) => string>> = {
  trigger: () => "triggered a run",
  pause: () => "paused the DAG",
  unpause: () => "unpaused the DAG",
  cancel: () => "cancelled the run",
  "cancel task": ({ task }) => `cancelled task ${text(task)}`,
  clear: (detail) => `cleared ${instances(detail)}`,
  "mark run": ({ to }) => `marked the run as ${text(to)}`,
  "mark task": ({ task, to }) => `marked task ${text(task)} as ${text(to)}`,
  deploy: ({ version }) => `deployed version ${text(version)}`,
  rollback: ({ version }) => `went back to version ${text(version)}`,
  promote: ({ version }) => `made version ${text(version)} current`,
  remove: ({ restored }) =>
    restored === undefined
      ? "removed the DAG: its file no longer declares it"
      : `removed the DAG: deployment ${text(restored)} did not have it`,
  backfill: () => "created a backfill",
  "send event": ({ event }) => `sent event ${text(event)}`,
  "update asset": ({ uri }) => `updated asset ${text(uri)}`,
  webhook: ({ name }) => `called webhook ${text(name)}`,
  "set pool": ({ name, slots }) => `set pool ${text(name)} to ${text(slots)} slots`,
  "delete pool": ({ name }) => `deleted pool ${text(name)}`,
  "set variable": ({ key }) => `set variable ${text(key)}`,
  "delete variable": ({ key }) => `deleted variable ${text(key)}`,
  "set connection": ({ id }) => `set connection ${text(id)}`,
  "test connection": ({ id, ok }) =>
    `tested connection ${text(id)}: ${ok === true ? "it works" : "it failed"}`,
  "read connection": ({ id }) => `read connection ${text(id)}`,
  "read variable": ({ id }) => `read variable ${text(id)}`,
  "delete connection": ({ id }) => `deleted connection ${text(id)}`,
  "set state": ({ key }) => `set state ${text(key)}`,
  "delete state": ({ key }) => `deleted state ${text(key)}`,
  clean: () => "deleted old history",
  "refuse password": (detail) =>
    `refused ${counted(detail, "password")}${typeof detail.user === "string" ? ` of ${detail.user}` : ""}`,
  "refuse token": (detail) => `refused ${counted(detail, "token")}`,
  "refuse link": (detail) => `refused ${counted(detail, "link")}`,
  "add user": ({ user, roles }) => `added user ${text(user)} as ${list(roles)}`,
  "set role": ({ user, after }) => `set the roles of ${text(user)}: ${list(after)}`,
  "disable user": ({ user }) => `disabled user ${text(user)}`,
  "enable user": ({ user }) => `enabled user ${text(user)}`,
  "remove user": ({ user }) => `removed user ${text(user)}`,
  "make login link": ({ user }) => `made a link with which ${text(user)} logs in once`,
  "create token": ({ user, token }) => `created token ${text(token)} of ${text(user)}`,
  "revoke token": ({ user, token }) => `revoked token ${text(token)} of ${text(user)}`,
};

/** An action without a sentence of its own is its own words. */
export function auditText({ action, detail }: AuditedAction): string {
  const fields = (typeof detail === "object" && detail !== null ? detail : {}) as Fields;
  const reason = typeof fields.reason === "string" ? `: ${fields.reason}` : "";
  return `${TEXTS[action]?.(fields) ?? action}${reason}`;
}

function instances({ instances: count, task }: Fields): string {
  const counted =
    count === 1 ? "1 task instance" : `${count === undefined ? "" : `${count} `}task instances`;
  return typeof task === "string" ? `${counted} of ${task}` : counted;
}

function counted({ count }: Fields, noun: string): string {
  return count === 1 ? `a wrong ${noun}` : `${text(count)} wrong ${noun}s`;
}

const list = (value: unknown): string =>
  Array.isArray(value) && value.length > 0 ? value.join(", ") : "no role";

const text = (value: unknown): string => (value === undefined ? "?" : String(value));
