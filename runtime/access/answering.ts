/** Who may answer a question. */
import type { QuestionSpec, Role } from "../../sdk/spec/index.ts";
import { allows, isAtLeast, type Rights } from "./permissions.ts";

/** A person, or a program, that answers. */
export interface Answering {
  /** Null for the token of the deployment, which is no user. */
  readonly user: string | null;
  readonly rights: Rights;
  /** The tags of the question's DAG; null: no grant of the rights depends on tags. */
  readonly tags: readonly string[] | null;
}

/**
 * Whether one of the assignees answers, or a user with the role for the DAG. The token of
 * the deployment may do everything.
 * @example mayAnswer({ assignees: ["ada"], role: null }, { user: "ada", rights, tags: null })
 */
export function mayAnswer(
  { assignees, role }: Pick<QuestionSpec, "assignees" | "role">,
  { user, rights, tags }: Answering,
): boolean {
  if (!allows(rights, "question.answer", tags)) return false;
  if (user === null || assignees.includes(user)) return true;
  return role !== null && hasRole(rights, role, tags);
}

function hasRole({ grants }: Rights, least: Role, tags: Answering["tags"]): boolean {
  const covers = (tag: string | null): boolean =>
    tag === null || tags === null || tags.includes(tag);
  return grants.some(({ role, tag }) => isAtLeast(role, least) && covers(tag));
}

/** Who may answer, in words: `ada, bob or an admin`. */
export function answererText({
  assignees,
  role,
}: Pick<QuestionSpec, "assignees" | "role">): string {
  const roles = role === null ? [] : [ROLE_WORDS[role]];
  const all = [...assignees, ...roles];
  return all.length < 2 ? all.join("") : `${all.slice(0, -1).join(", ")} or ${all.at(-1)}`;
}

const ROLE_WORDS: Readonly<Record<Role, string>> = {
  viewer: "a viewer",
  operator: "an operator",
  editor: "an editor",
  admin: "an admin",
};
