/** Entries of the audit log as sentences: `cleared 3 task instances`. */
import type { Json } from "../../sdk/json.ts";
import type { AuditedAction } from "../access/audited.ts";

export interface AuditedEntry {
  readonly action: string;
  readonly detail: Json;
}

type Fields = Readonly<Record<string, unknown>>;

const TEXTS: Readonly<Record<AuditedAction, (detail: Fields) => string>> = {
  trigger: () => "triggered a run",
  pause: () => "paused the DAG",
  unpause: () => "unpaused the DAG",
  cancel: (detail) => `cancelled the run${was(detail)}`,
  "cancel task": (detail) => `cancelled task ${text(detail.task)}${was(detail)}`,
  clear: (detail) => `cleared ${instances(detail)}`,
  "mark run": (detail) => `marked the run as ${text(detail.to)}${was(detail)}`,
  "mark task": (detail) => `marked task ${text(detail.task)} as ${text(detail.to)}${was(detail)}`,
  note: ({ after }) => (field(after, "note") === null ? "removed the note" : "wrote the note"),
  label: ({ before, after }) =>
    `set labels${changes(field(before, "labels"), field(after, "labels"))}`,
  answer: ({ task }) => `answered question ${text(task)}`,
  deploy: (detail) => `deployed version ${text(detail.version)}${was(detail)}`,
  rollback: (detail) => `went back to version ${text(detail.version)}${was(detail)}`,
  promote: (detail) => `made version ${text(detail.version)} current${was(detail)}`,
  remove: ({ restored }) =>
    restored === undefined
      ? "removed the DAG: its file no longer declares it"
      : `removed the DAG: deployment ${text(restored)} did not have it`,
  "install events": ({ source }) => `installed the trigger of source ${text(source)}`,
  "uninstall events": ({ source }) => `removed the trigger of source ${text(source)}`,
  "stop event loop": ({ source }) => `stopped the loop of source ${text(source)}`,
  backfill: ({ backfill }) => `created backfill ${text(backfill)}`,
  "pause backfill": ({ backfill }) => `paused backfill ${text(backfill)}`,
  "resume backfill": ({ backfill }) => `resumed backfill ${text(backfill)}`,
  "cancel backfill": ({ backfill }) => `cancelled backfill ${text(backfill)}`,
  "send event": ({ event }) => `sent event ${text(event)}`,
  "update asset": ({ uri }) => `updated asset ${text(uri)}`,
  webhook: ({ name }) => `called webhook ${text(name)}`,
  "set pool": ({ name, before, after }) => `set pool ${text(name)}${changes(before, after)}`,
  "delete pool": ({ name }) => `deleted pool ${text(name)}`,
  "set variable": ({ key }) => `set variable ${text(key)}`,
  "delete variable": ({ key }) => `deleted variable ${text(key)}`,
  "read variable": ({ id }) => `read variable ${text(id)}`,
  "set connection": ({ id, after }) => `set connection ${text(id)}${changedFields(after)}`,
  "delete connection": ({ id }) => `deleted connection ${text(id)}`,
  "test connection": ({ id, ok }) =>
    `tested connection ${text(id)}: ${ok === true ? "it works" : "it failed"}`,
  "read connection": ({ id }) => `read connection ${text(id)}`,
  "rotate keys": () => "sealed all stored secrets with the newest key",
  "set state": ({ key }) => `set state ${text(key)}`,
  "delete state": ({ key }) => `deleted state ${text(key)}`,
  clean: () => "deleted old history",
  "refuse password": (detail) =>
    `refused ${counted(detail, "password")}${typeof detail.user === "string" ? ` of ${detail.user}` : ""}`,
  "refuse token": (detail) => `refused ${counted(detail, "token")}`,
  "refuse link": (detail) => `refused ${counted(detail, "link")}`,
  // Entries of an earlier release have the roles in the detail itself.
  "add user": ({ user, after, roles }) =>
    `added user ${text(user)} as ${list(field(after, "roles") ?? roles)}`,
  "set role": rolesChange,
  "roles by OIDC": rolesChange,
  "disable user": ({ user }) => `disabled user ${text(user)}`,
  "enable user": ({ user }) => `enabled user ${text(user)}`,
  "remove user": ({ user }) => `removed user ${text(user)}`,
  "make login link": ({ user }) => `made a link with which ${text(user)} logs in once`,
  // Entries of an earlier release have the name as `token`, which the page masks.
  "create token": ({ user, name, token }) =>
    `created token ${text(name ?? token)} of ${text(user)}`,
  "revoke token": ({ user, name, token }) =>
    `revoked token ${text(name ?? token)} of ${text(user)}`,
  "change password": () => "changed the password",
  "set password by link": () => "set a password by a link",
  "log in": () => "logged in",
  "log out": () => "logged out",
  "end session": () => "ended a session",
  "end sessions": ({ user, sessions }) =>
    `ended ${sessions === 1 ? "a session" : `${text(sessions)} sessions`}${user === undefined ? "" : ` of ${text(user)}`}`,
};

/** An action of a later version is its own words. */
export function auditText({ action, detail }: AuditedEntry): string {
  const fields = asFields(detail);
  const reason = typeof fields.reason === "string" ? `: ${fields.reason}` : "";
  const textOf = (TEXTS as Readonly<Record<string, (detail: Fields) => string>>)[action];
  return `${textOf?.(fields) ?? action}${reason}`;
}

function instances({ instances: count, task }: Fields): string {
  const counted =
    count === 1 ? "1 task instance" : `${count === undefined ? "" : `${count} `}task instances`;
  return typeof task === "string" ? `${counted} of ${task}` : counted;
}

function counted({ count }: Fields, noun: string): string {
  return count === 1 ? `a wrong ${noun}` : `${text(count)} wrong ${noun}s`;
}

/** What it was before: a state, how many instances were in which, or a version. */
function was({ before }: Fields): string {
  const fields = asFields(before);
  if (fields.state !== undefined) return `, was ${text(fields.state)}`;
  if (fields.version !== undefined) return `, was version ${text(fields.version)}`;
  const states = Object.entries(fields).map(([state, count]) =>
    count === 1 ? state : `${text(count)} ${state}`,
  );
  return states.length === 0 ? "" : `, was ${states.join(" and ")}`;
}

/** The fields that have another value now: `: slots 3 → 5`. */
function changes(before: unknown, after: unknown): string {
  if (after === undefined) return "";
  const [from, to] = [asFields(before), asFields(after)];
  const names = [...new Set([...Object.keys(from), ...Object.keys(to)])];
  const changed = names
    .filter((name) => shown(from[name]) !== shown(to[name]))
    .map((name) => `${name} ${shown(from[name])} → ${shown(to[name])}`);
  return `: ${changed.join(", ") || "no change"}`;
}

const shown = (value: unknown): string =>
  value === undefined || value === "" ? "none" : text(value);

function changedFields(after: unknown): string {
  const { changed } = asFields(after);
  if (!Array.isArray(changed)) return "";
  return changed.length === 0 ? ", no change" : `: changed ${changed.join(", ")}`;
}

function rolesChange({ user, before, after }: Fields): string {
  const old = before === null || before === undefined ? "" : `, was ${list(before)}`;
  return `set the roles of ${text(user)}: ${list(after)}${old}`;
}

const list = (value: unknown): string =>
  Array.isArray(value) && value.length > 0 ? value.join(", ") : "no role";

const asFields = (value: unknown): Fields =>
  typeof value === "object" && value !== null ? (value as Fields) : {};

/** A field within fields. */
const field = (value: unknown, ...path: readonly string[]): unknown =>
  path.reduce((within, name) => asFields(within)[name], value);

const text = (value: unknown): string => (value === undefined ? "?" : String(value));
