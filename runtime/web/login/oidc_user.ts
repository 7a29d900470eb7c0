/**
 * The user of an OIDC login, who is added at the first login and gets the roles of each.
 */
import { isDeepStrictEqual } from "node:util";
import { hashOfSecret } from "../../access/token.ts";
import { audit } from "../../store/access/audit.ts";
import { lockSetting } from "../../store/access/setting.ts";
import { insertUser, replaceGrants, userOfSubject } from "../../store/access/web_user.ts";
import type { Database, Queryable } from "../../store/database/database.ts";
import { rolesText } from "../../words/roles_text.ts";
import { Refused } from "../http/refused.ts";
import type { OidcUser } from "./oidc.ts";

interface KnownUser {
  readonly id: number;
  readonly name: string;
}

/**
 * The user of the page with this subject.
 * @throws Refused 403 when no rule gives the user a role
 */
export async function keepOidcUser(db: Database, found: OidcUser): Promise<KnownUser> {
  if (found.grants.length === 0)
    throw new Refused(403, "Your account has no role here. Ask an admin for one.");
  return db.transaction(async (tx) => {
    const before = await lockedUser(tx, found);
    if (before?.disabledAt) throw new Refused(403, "Your account is disabled. Ask an admin.");
    const user = before ?? (await addUser(tx, found));
    const given = [...found.grants];
    if (!before || !isDeepStrictEqual(sorted(before.grants), sorted(given))) {
      await replaceGrants(tx, user.id, given);
      const change = {
        before: before ? [...rolesText(before.grants)] : null,
        after: [...rolesText(given)],
      };
      const entry = { actor: user.name, action: "roles by OIDC" } as const;
      await audit(tx, { ...entry, detail: { user: user.name }, ...change });
    }
    return user;
  });
}

/** An admin who disables the user at this moment comes before or after, not in between. */
async function lockedUser(tx: Queryable, { issuer, subject }: OidcUser) {
  const user = await userOfSubject(tx, issuer, subject);
  if (user) await lockSetting(tx, "user", user.name);
  return user && (await userOfSubject(tx, issuer, subject));
}

const sorted = (grants: OidcUser["grants"]) =>
  grants.map(({ role, tag }) => `${tag ?? ""} ${role}`).sort();

/** A name that is taken belongs to another user: this one gets the next name. */
async function addUser(tx: Queryable, { issuer, subject, names }: OidcUser): Promise<KnownUser> {
  const unique = `user-${hashOfSecret(`${issuer} ${subject}`).toString("hex").slice(0, 12)}`;
  for (const name of [...names.map(asName), unique]) {
    if (name === undefined) continue;
    const id = await insertUser(tx, { name, password: null, issuer, subject });
    if (id !== undefined) return { id, name };
  }
  throw new Error(`the user ${subject} of ${issuer} has no free name`);
}

/** A name as users have it here; undefined when nothing is left of it. */
function asName(text: string): string | undefined {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9._@+-]/g, "-")
    .slice(0, 100);
  return /^[a-z0-9]/.test(name) ? name : undefined;
}
