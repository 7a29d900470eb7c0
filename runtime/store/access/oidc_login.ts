/** Logins that wait for the answer of an OIDC provider, for ten minutes. */
import type { Queryable, Statement } from "../database/database.ts";

const CREATE: Statement = {
  name: "oidc_login_create",
  text: `
with expired as (
  delete from dagsmith.oidc_login where expires_at <= now()
)
insert into dagsmith.oidc_login (secret_hash, state, nonce, verifier, next, expires_at)
values ($1, $2, $3, $4, $5, now() + interval '10 minutes')`,
};
const TAKE: Statement = {
  name: "oidc_login_take",
  text: `
with taken as (delete from dagsmith.oidc_login where secret_hash = $1 returning *)
select state, nonce, verifier, next from taken where expires_at > now()`,
};

export interface OidcLogin {
  readonly state: string;
  readonly nonce: string;
  /** The code verifier of PKCE. */
  readonly verifier: string;
  /** Where the user wanted to go. */
  readonly next: string;
}

export async function createOidcLogin(
  db: Queryable,
  hash: Buffer,
  { state, nonce, verifier, next }: OidcLogin,
): Promise<void> {
  await db.query(CREATE, [hash, state, nonce, verifier, next]);
}

/** Takes a login: it can be answered once. */
export async function takeOidcLogin(db: Queryable, hash: Buffer): Promise<OidcLogin | undefined> {
  return (await db.query<OidcLogin & Record<string, unknown>>(TAKE, [hash]))[0];
}
