/** Where users log in with OIDC, and which roles a claim gives them. */
import { type OidcRule, parseOidcRules } from "../access/oidc_rules.ts";
import type { Setting } from "./environment.ts";
import { parsed, refused } from "./values.ts";

export interface OidcSettings {
  /** DAG_OIDC_ISSUER. */
  readonly issuer: string;
  /** DAG_OIDC_CLIENT_ID. */
  readonly clientId: string;
  /** DAG_OIDC_CLIENT_SECRET. */
  readonly clientSecret: string | null;
  /** DAG_OIDC_CLAIM. Default: groups. */
  readonly claim: string;
  /** DAG_OIDC_ROLES. */
  readonly rules: readonly OidcRule[];
}

/**
 * Null: DAG_OIDC_ISSUER is not set.
 * @throws DagsmithError INVALID_ARGUMENT
 */
export function oidcSettings(setting: Setting): OidcSettings | null {
  const issuer = setting("DAG_OIDC_ISSUER");
  if (issuer === null) return null;
  const needed = (name: string, reason: string): string => setting(name) ?? refused(name, reason);
  if (!URL.canParse(issuer)) refused("DAG_OIDC_ISSUER", "it must be the address of the provider");
  needed("DAG_BASE_URL", "it must be set for DAG_OIDC_ISSUER: the provider answers to it");
  return {
    issuer,
    clientId: needed("DAG_OIDC_CLIENT_ID", "it must be set for DAG_OIDC_ISSUER"),
    clientSecret: setting("DAG_OIDC_CLIENT_SECRET"),
    claim: setting("DAG_OIDC_CLAIM") ?? "groups",
    rules: parsed(
      "DAG_OIDC_ROLES",
      needed("DAG_OIDC_ROLES", "without a rule, users of the provider have no role"),
      parseOidcRules,
    ),
  };
}
