/**
 * Who may do what. Each role has the permissions of the role before it, and more. A grant
 * gives a role for all DAGs, or for the DAGs with a tag. What no grant allows is refused.
 */
import { ROLES, type Role } from "../../sdk/spec/index.ts";

export { ROLES, type Role };

/**
 * What a permission is about. `dag`: one DAG, so a grant for one of its tags is enough.
 * `deployment`: all of it, so only a grant for all DAGs counts. `everyone`: any grant.
 */
type Scope = "dag" | "deployment" | "everyone";

interface Needs {
  /** The least role that has it. */
  readonly role: Role;
  readonly scope: Scope;
  readonly meaning: string;
}

/** Every permission. Routes and actions name the one that they need. */
export const PERMISSIONS = {
  "dag.read": needs("viewer", "dag", "see DAGs, runs, tasks, logs and backfills"),
  "asset.read": needs("viewer", "deployment", "see assets and their updates"),
  "system.read": needs("viewer", "everyone", "see pools, the health and the API's description"),
  "account.use": needs("viewer", "everyone", "see and end one's own sessions and tokens"),
  "xcom.read": needs(
    "operator",
    "dag",
    "see the values of XComs and state, and the steps and files of tasks",
  ),
  "dag.operate": needs(
    "operator",
    "dag",
    "trigger, backfill, clear, mark, cancel, pause, annotate, send events",
  ),
  "question.answer": needs("viewer", "dag", "answer questions, as far as each says who may"),
  "asset.update": needs("operator", "deployment", "record an update of an asset"),
  "dag.deploy": needs("editor", "deployment", "deploy and roll back"),
  "pool.edit": needs("editor", "deployment", "create, change and delete pools"),
  "connection.read": needs("editor", "deployment", "see which connections exist"),
  "connection.edit": needs("editor", "deployment", "set, test and delete connections"),
  "variable.read": needs("editor", "deployment", "see which variables exist"),
  "variable.edit": needs("editor", "deployment", "set and delete variables"),
  "audit.read": needs("admin", "deployment", "see the audit of the whole deployment"),
  "user.edit": needs("admin", "deployment", "manage users, their roles, sessions and tokens"),
  "key.edit": needs("admin", "deployment", "rotate the key of stored secrets"),
} as const satisfies Readonly<Record<string, Needs>>;

export type Permission = keyof typeof PERMISSIONS;

function needs<Of extends Scope>(role: Role, scope: Of, meaning: string) {
  return { role, scope, meaning } as const;
}

/** The permissions that are about one DAG. */
export type DagPermission = {
  [Name in Permission]: (typeof PERMISSIONS)[Name]["scope"] extends "dag" ? Name : never;
}[Permission];

/** A role of a person, for all DAGs or for those with a tag. */
export interface Grant {
  readonly role: Role;
  /** Null: all DAGs. */
  readonly tag: string | null;
}

/** The rights of a caller. */
export interface Rights {
  readonly grants: readonly Grant[];
  /** The permissions of an API token; null: those of its user, without a limit. */
  readonly scopes: readonly Permission[] | null;
}

export const ALL_RIGHTS: Rights = { grants: [{ role: "admin", tag: null }], scopes: null };

/**
 * Whether the rights allow it.
 * @param tags the tags of the DAG that it is about; null: about no DAG, or about any of
 *   those that the caller may see
 * @example allows({ grants: [{ role: "operator", tag: "finance" }], scopes: null },
 *   "dag.operate", ["finance", "daily"]) // true
 */
export function allows(
  { grants, scopes }: Rights,
  permission: Permission,
  tags: readonly string[] | null,
): boolean {
  if (scopes !== null && !scopes.includes(permission)) return false;
  const { role, scope } = PERMISSIONS[permission];
  const covers = ({ tag }: Grant): boolean =>
    tag === null || (scope !== "deployment" && (tags === null || tags.includes(tag)));
  return grants.some((grant) => isAtLeast(grant.role, role) && covers(grant));
}

/**
 * The tags of the DAGs for which the rights allow it. Null: all DAGs. The list is empty
 * when they allow it for no DAG.
 */
export function tagsWith(
  { grants, scopes }: Rights,
  permission: DagPermission,
): readonly string[] | null {
  if (scopes !== null && !scopes.includes(permission)) return [];
  const enough = grants.filter(({ role }) => isAtLeast(role, PERMISSIONS[permission].role));
  if (enough.some(({ tag }) => tag === null)) return null;
  return [...new Set(enough.flatMap(({ tag }) => tag ?? []))];
}

/** Whether a role has the permissions of another. */
export function isAtLeast(role: Role, least: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(least);
}
