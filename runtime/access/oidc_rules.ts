/** The rule of a deployment that turns a claim of an OIDC provider into roles. */
import { type Grant, isAtLeast, ROLES } from "./permissions.ts";

/** Who has this value in the claim gets this grant. */
export interface OidcRule {
  /** `*`: every user of the provider. */
  readonly value: string;
  readonly grant: Grant;
}

/**
 * Parses `data-admins=admin, analysts=viewer:finance, *=viewer`. A role with a tag is for
 * the DAGs with that tag.
 * @throws Error that completes the sentence "the rule is invalid: …"
 */
export function parseOidcRules(text: string): readonly OidcRule[] {
  const parts = text.split(",").map((part) => part.trim());
  return parts.filter((part) => part !== "").map(parseRule);
}

function parseRule(text: string): OidcRule {
  const at = text.lastIndexOf("=");
  const [name = "", ...tag] = text.slice(at + 1).split(":");
  const role = ROLES.find((known) => known === name);
  if (at < 1 || role === undefined)
    throw new Error(`"${text}" is not group=role or group=role:tag, with ${ROLES.join(", ")}`);
  return { value: text.slice(0, at), grant: { role, tag: tag.join(":") || null } };
}

/**
 * The grants of a user, by the values of the claim: the highest role for each tag.
 * @param claim a text or a list of texts; everything else has no value
 */
export function grantsOfClaim(rules: readonly OidcRule[], claim: unknown): readonly Grant[] {
  const values = (Array.isArray(claim) ? claim : [claim]).filter(
    (value) => typeof value === "string",
  );
  const given = rules.filter(({ value }) => value === "*" || values.includes(value));
  const byTag = new Map<string | null, Grant>();
  for (const { grant } of given) {
    const before = byTag.get(grant.tag);
    if (!before || isAtLeast(grant.role, before.role)) byTag.set(grant.tag, grant);
  }
  return [...byTag.values()];
}
