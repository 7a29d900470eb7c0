/** Roles as people read them: `operator for finance`. */
import type { Grant } from "../access/permissions.ts";

/** Empty for a user without a role. */
export function rolesText(grants: readonly Grant[]): readonly string[] {
  return grants.map(({ role, tag }) => (tag === null ? role : `${role} for ${tag}`));
}
