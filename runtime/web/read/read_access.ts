/** Reads users, sessions and tokens. None of these rows holds a secret in the clear. */
import { DagsmithError } from "../../../sdk/errors.ts";
import { listTokens, type TokenRow } from "../../store/access/api_token.ts";
import { listSessions, type SessionRow } from "../../store/access/web_session.ts";
import { findUser, listUsers, type WebUser } from "../../store/access/web_user.ts";
import type { WebServices } from "../http/services.ts";

type Reads = Pick<WebServices, "reader">;

export type { SessionRow, TokenRow, WebUser };

export function readUsers({ reader }: Reads): Promise<readonly WebUser[]> {
  return listUsers(reader);
}

/** The API tokens of a user. @throws DagsmithError UNKNOWN_USER */
export async function readTokens({ reader }: Reads, user: string): Promise<readonly TokenRow[]> {
  if (!(await findUser(reader, user))) throw new DagsmithError("UNKNOWN_USER", { user });
  return listTokens(reader, user);
}

/** What an account page shows. */
export interface AccountView {
  readonly user: WebUser;
  readonly sessions: readonly SessionRow[];
  readonly tokens: readonly TokenRow[];
}

/** Undefined when there is no such user. */
export async function readAccount(
  { reader }: Reads,
  name: string,
): Promise<AccountView | undefined> {
  const user = await findUser(reader, name);
  if (!user) return undefined;
  const [sessions, tokens] = await Promise.all([
    listSessions(reader, user.id),
    listTokens(reader, name),
  ]);
  return { user, sessions, tokens };
}
